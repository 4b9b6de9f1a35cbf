/** Lists and trees of allocated objects: the lock that guards them, who owns a node, which node fits which root. */
import { NON_OWN_REF, NOT_INIT, SCALAR_VALUE } from "../../state/reg-type.ts";
import { type Case, type Family, family, type Told, typeWords } from "./case.ts";

const name = (c: Case): string => c.call?.name.replace(/_impl$/, "") ?? "the call";
/** The argument that is the node: the second of calls that take a root, the first of the others. */
const nodeArgument = (c: Case): number => (/^bpf_(?:list_push|rbtree_add|rbtree_remove|list_add)/.test(name(c)) ? 2 : 1);
/** Where the register's special field lies: "the list head at byte 0 of map .bss.A's value". */
const inside = (kind: string): string => (kind === "bpf_list_head" ? "list" : kind === "bpf_rb_root" ? "tree" : kind);

function lockNeeded(c: Case, off: number, kind: string): Told {
  const held = c.walking && c.env.curState.activeLocks > 0;
  const root = c.who(1);
  const call = name(c);
  return {
    title: held ? "Another lock than the one that guards it is held" : `The ${inside(kind)} is used without its lock`, registers: [1],
    reason: `${call}() changes or reads the ${inside(kind)} at ${root}, which the bpf_spin_lock in the same ${c.reg(1)?.map ? "map value or section of globals" : "object"} (byte ${off} of it) guards; ${held ? "the lock held on this path is another" : "on this path no lock is held"}.`,
    fixes: [`Put the call between bpf_spin_lock(&lock) and bpf_spin_unlock(&lock), with the lock that is declared beside that ${inside(kind)}`, ...(held ? ["Take the lock through the very pointer through which the list or tree is reached"] : [])],
  };
}
function wrongNode(c: Case, offset: string, want: { kind: string; offset: string; struct: string }, got: string | null): Told {
  const n = nodeArgument(c);
  const other = got !== null && got !== want.struct;
  const first = c.meanings ? c.who(1) : "the root";
  return {
    title: other ? "The node belongs to another type than the root holds" : "The wrong member is passed as the node", registers: [1, n],
    reason: `${first} holds objects of struct ${want.struct} by their ${want.kind} at byte ${want.offset} (its __contains() says so); ${c.who(n)} is byte ${offset} of struct ${got ?? want.struct}.`,
    fixes: other ? [`Pass the node of a struct ${want.struct}`, `Or use a root whose __contains() names struct ${got}`] : [`Pass the address of the ${want.kind} member at byte ${want.offset} of struct ${want.struct}, the one that __contains() names`],
  };
}
function notOwned(c: Case, n: number): Told {
  const r = c.reg(n);
  const call = name(c);
  const given = r !== undefined && (r.type & NON_OWN_REF) !== 0;
  const add = /push|add/.test(call);
  const base = { title: "The program does not own this object", registers: [n] };
  if (given) {
    return {
      ...base, reason: `${call}() needs an object that the program owns; ${c.who(n)} was given away before (it is in a list or tree now), so it may only be looked at while the lock is held.`,
      fixes: add ? ["Add each object once only", "Or take it out first (bpf_list_pop_front(), bpf_rbtree_remove()) and check the result for NULL: that gives it back", "An object with a bpf_refcount can be in two places: bpf_refcount_acquire() gives a second owned pointer"] : ["Take it out first (bpf_list_pop_front(), bpf_rbtree_remove()) and check the result for NULL: that gives it back"],
    };
  }
  return { ...base, reason: `${call}() needs an object from bpf_obj_new() that the program owns; ${c.who(n)} is ${r === undefined || r.type === NOT_INIT ? "not set" : r.type === SCALAR_VALUE ? "a plain number" : typeWords(c.typeOf(n))}.`, fixes: ["Pass an object that bpf_obj_new() gave, checked for NULL"] };
}
const told = (title: string, reason: string, ...fixes: string[]) => (c: Case): Told => ({ title, reason: reason.replace("%CALL%", `${name(c)}()`), fixes, registers: [nodeArgument(c)].filter((n) => { const r = c.reg(n); return r !== undefined && r.type !== NOT_INIT; }) });

export const GRAPH: readonly Family[] = [
  family("owning", "check_reg_allocation_locked", /^bpf_(?:res_)?spin_lock at off=(\d+) must be held for (\S+)$/, (c, m) => lockNeeded(c, Number(m[1]), m[2]!)),
  family("owning", "__process_kf_arg_ptr_to_graph_node", /^operation on \S+ expects arg#\d+ (\S+) at offset=(\d+) in struct (\S+), but arg is at offset=(\d+) in struct (\S+)$/, (c, m) => wrongNode(c, m[4]!, { kind: m[1]!, offset: m[2]!, struct: m[3]! }, m[5]!)),
  family("owning", "__process_kf_arg_ptr_to_graph_node", /^(?:arg#\d+|R\d+) offset=(\d+), but expected (\S+) at offset=(\d+) in struct (\S+)$/, (c, m) => wrongNode(c, m[1]!, { kind: m[2]!, offset: m[3]!, struct: m[4]! }, null)),
  family("owning", "__process_kf_arg_ptr_to_graph_root", /^(\S+) not found at offset=(\d+)$/, (c, m) => {
    const n = /_node$/.test(m[1]!) ? nodeArgument(c) : 1;
    return {
      title: `There is no ${m[1]} there`, registers: [n],
      reason: `${name(c)}() needs the address of a ${m[1]}; at byte ${m[2]} of what ${c.who(n)} points into there is none.`,
      fixes: [/_node$/.test(m[1]!) ? `Pass the address of the object's ${m[1]} member: \`&p->node\`` : `Pass the address of a ${m[1]} in a map's value, in a global variable (a section of its own with its lock) or in an object: \`&p->head\``],
    };
  }),
  family("owning", "check_kfunc_args", /^(?:arg#(\d+)|R(\d+)) expected for (bpf_(?:percpu_)?obj_drop)\(\)$/, (c, m) => {
    const n = m[2] !== undefined ? Number(m[2]) : Number(m[1]) + 1;
    const percpu = m[3] === "bpf_percpu_obj_drop";
    return {
      title: percpu ? "A per-CPU object is dropped as a plain one" : "A plain object is dropped as a per-CPU one", registers: [n],
      reason: `${c.who(n)} was made by ${percpu ? "bpf_percpu_obj_new()" : "bpf_obj_new()"}, and ${name(c)}() is for objects of ${percpu ? "bpf_obj_new()" : "bpf_percpu_obj_new()"}.`, fixes: [`Call ${m[3]}() instead`],
    };
  }),
  family("owning", "check_kfunc_args", /^(?:(?:arg#\d+|R\d+) expected pointer to allocated object|allocated object must be referenced)$/, (c) => notOwned(c, Number(/R(\d+)/.exec(c.message)?.[1] ?? Number(/arg#(\d+)/.exec(c.message)?.[1] ?? nodeArgument(c) - 1) + 1))),
  family("owning", "check_kfunc_args", /^(?:rbtree_remove node input must be non-owning ref|bpf_rbtree_remove can only take non-owning or refcounted bpf_rb_node pointer)$/, told("Only a node that is in the tree can be removed", "%CALL% takes a node that the program found in the tree while it holds the lock (bpf_rbtree_first(), bpf_rbtree_left() …, or one just added); this one was not added, or the lock was released since.", "Pass what bpf_rbtree_first() or its like gave, checked for NULL, before the lock is released", "After bpf_spin_unlock() such pointers are no longer valid: find the node again")),
  family("owning", "check_kfunc_args", /^held lock and object are not in the same allocation$/, told("Another lock than the one that guards it is held", "%CALL% works on a list or tree that the lock beside it guards; the lock held lies in another map value or object.", "Take the lock that is declared beside that list or tree", "Take it through the very pointer through which the list or tree is reached")),
  family("owning", "check_kfunc_args", /^(?:can't (?:res_)?spin_\{lock,unlock\} in rbtree cb|(?:\S+ )?not allowed in rbtree cb)$/, told("The comparison of a tree may not change anything", "%CALL% stands in the callback that compares nodes for bpf_rbtree_add(); that runs with the lock held, in the middle of the change.", "Only compare the two nodes in the callback", "Do the rest before or after bpf_rbtree_add()")),
  family("owning", "check_kfunc_args", /^(?:.* w\/o active lock|bpf_rb(?:tree)?_?\w* .*|bpf_list\w* .*)$/, (c) => ({ title: "Lists and trees have rules of ownership", registers: [1], reason: `${name(c)}() cannot be used so: ${c.message}.`, fixes: ["Hold the bpf_spin_lock that is declared beside the list or tree", "Add objects that the program owns, and treat them as given away afterwards"] })),
];
