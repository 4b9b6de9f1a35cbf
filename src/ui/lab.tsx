import { openLab, overlayName } from "./lab/lab-state.ts";
import { session } from "./state.ts";
import { Icon } from "./widgets/icon.tsx";

export { overlayName };

/** Opens the lab; names the custom kernel while one is in force. */
export function LabButton() {
  const { overlay } = session.project.value;
  const title = overlay ? `Custom kernel in force, ${overlayName(overlay)}: open the lab` : "Custom kernels: open the lab";
  return <button type="button" class={`button small ${overlay ? "outlined lab-on" : ""}`} aria-label={title} title={title} onClick={() => openLab("kernel")}><Icon name="cpu" size={14} />{overlay ? overlayName(overlay) : "Custom"}</button>;
}
