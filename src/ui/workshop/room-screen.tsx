import type { Taking } from "../../session/taking.ts";
import { Modal } from "../widgets/modal.tsx";
import { linkOf } from "./present.ts";
import { Qr } from "./qr.tsx";
import { surface } from "./surface.ts";

/** The room's address as large as the screen: a code for cameras, letters for everybody else. */
export function RoomScreen({ taking }: { taking: Taking }) {
  const link = linkOf(taking);
  return (
    <Modal title={taking.workshop.title} size="fill" onClose={() => { surface.value = null; }}>
      <div class="room-screen">
        {link.ok ? <><Qr text={link.value} size="min(58vh, 80vw)" /><p class="room-screen-link mono">{link.value.replace(/^https?:\/\//, "")}</p></> : <p>{link.error}</p>}
      </div>
    </Modal>
  );
}
