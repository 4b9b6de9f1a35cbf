import { autoCompile } from "../prefs.ts";
import { session } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { Popover } from "../widgets/menu.tsx";

/** clang's flags as one line, and the form behind it. */
export function FlagsButton() {
  const { flags } = session.project.value;
  const line = `${flags.opt}${flags.debug ? " -g" : ""} -mcpu=${flags.mcpu}${flags.extra.length > 0 ? ` +${flags.extra.length}` : ""}`;
  const shown = session.project.value.unprivileged ? `${line} unprivileged` : line;
  return (
    <Popover label={<><Icon name="gear" size={14} /><span class="mono flags-line">{shown}</span></>} title="Compiler flags and privileges" name={`Compiler flags and privileges: ${shown}`} class="button small flags" align="right" kind="dialog">
      {() => <FlagsForm />}
    </Popover>
  );
}

function FlagsForm() {
  const { flags } = session.project.value;
  const set = (change: Partial<typeof flags>): void => session.update({ flags: { ...session.project.value.flags, ...change } });
  return (
    <div class="form">
      <Choice label="Optimisation" value={flags.opt} options={["-O0", "-O1", "-O2", "-Os"]} onPick={(opt) => set({ opt })} />
      <Choice label="Instruction set" value={flags.mcpu} options={["v1", "v2", "v3", "v4"]} onPick={(mcpu) => set({ mcpu })} />
      <label class="check"><input type="checkbox" checked={flags.debug} onChange={(e) => set({ debug: e.currentTarget.checked })} /><span><code>-g</code>: BTF and C lines</span></label>
      {!flags.debug && <p class="warn">Without -g there is no BTF: no CO-RE, no kfuncs, no C lines in the log.</p>}
      <label class="stack"><span class="label">Further arguments</span>
        <input class="field mono" defaultValue={flags.extra.join(" ")} placeholder="-DDEBUG -Wall" spellcheck={false}
          onChange={(e) => set({ extra: e.currentTarget.value.split(/\s+/).filter((x) => x !== "").slice(0, 32) })} /></label>
      <label class="check"><input type="checkbox" checked={session.project.value.unprivileged} onChange={(e) => session.update({ unprivileged: e.currentTarget.checked })} /><span>Load without capabilities</span></label>
      {session.project.value.unprivileged && <p class="muted">As any user may where <code>kernel.unprivileged_bpf_disabled</code> is 0: socket filters and cgroup_skb programs only, and stricter checks.</p>}
      <label class="check"><input type="checkbox" checked={autoCompile.value} onChange={(e) => { autoCompile.value = e.currentTarget.checked; }} /><span>Compile while typing</span></label>
    </div>
  );
}

function Choice<T extends string>({ label, value, options, onPick }: { label: string; value: T; options: readonly T[]; onPick: (value: T) => void }) {
  return (
    <fieldset class="choice">
      <legend class="label">{label}</legend>
      <div class="segments">
        {options.map((option) => (
          <label key={option} data-on={option === value}><input type="radio" name={label} class="sr" checked={option === value} onChange={() => onPick(option)} /><span class="mono">{option}</span></label>
        ))}
      </div>
    </fieldset>
  );
}
