import { callRows } from "../../session/call-rows.ts";
import type { CallStatus } from "../../workers/kernel-api.ts";
import { kernelNames, matrix, session } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { openApi } from "./api-explorer.tsx";

/** Verdict colours for the answers to a call. */
const LOOK: Readonly<Record<CallStatus["status"], string>> = { available: "accepted", deprecated: "warned", missing: "rejected", "not allowed": "rejected", "not known": "unsupported" };

/** Further rows of the matrix, calls down: which kernel has each helper and kfunc that the object calls, for the programs that call it. */
export function CallRows() {
  const kernels = kernelNames.value;
  const rows = callRows(matrix.calls.value, kernels);
  if (rows.length === 0) return null;
  return (
    <tbody class="calls-matrix">
      <tr><th scope="rowgroup"><span class="heading">Calls</span></th></tr>
      {rows.map((row) => (
        <tr key={`${row.kind}${row.name}`}>
          <th scope="row"><button type="button" class="link mono ellipsis" onClick={() => openApi(row.name)}>{row.name}</button><span class="faint minimum">{row.kind === "helper" ? `#${row.id}` : row.weak ? "weak kfunc" : "kfunc"}{row.summary && `, ${row.summary}`}</span></th>
          {kernels.map((kernel) => {
            const cell = row.cells.get(kernel);
            const said = cell ? `${cell.status}${cell.detail ? `: ${cell.detail}` : ""}` : "waiting";
            return (
              <td key={kernel}>
                <button type="button" class="cell" data-verdict={cell ? LOOK[cell.status] : "waiting"} aria-label={`${row.name} on ${kernel}: ${said}`} title={`${kernel}: ${said}`}
                  onClick={() => { session.update({ kernel, selectedInsn: null }); openApi(row.name); }}>
                  {cell?.status === "available" && <Icon name="check" size={13} />}{cell?.status === "deprecated" && <Icon name="check" size={13} />}
                  {cell?.status === "missing" && <Icon name="cross" size={13} />}{cell?.status === "not allowed" && <Icon name="stop" size={11} />}{cell?.status === "not known" && <Icon name="dash" size={13} />}
                </button>
              </td>
            );
          })}
        </tr>
      ))}
    </tbody>
  );
}
