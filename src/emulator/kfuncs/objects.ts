import type { BtfId } from "../../base/brand.ts";
import { BtfKind } from "../../btf/types.ts";
import { Errno } from "../errno.ts";
import type { RunEnv } from "../env.ts";
import { badAccess } from "../fault.ts";
import { A, helper, type HelperTable } from "../helpers/args.ts";
import { specialFields } from "../maps/special-fields.ts";

/**
 * Objects of the program's own types, and the lists and trees that hold them (kernel 7.3 helpers.c). Nodes are known by their address.
 * Order is kept beside the simulated memory; a tree is a sorted list, which gives the same answers except for its shape.
 */
interface Owned { refcount: number; size: number }
interface Collection { nodes: bigint[] }

/** What objects of a machine hang on; found by the machine's memory so that two machines never meet. */
const worlds = new WeakMap<object, { objects: Map<bigint, Owned>; collections: Map<bigint, Collection>; owner: Map<bigint, bigint> }>();
function world(env: RunEnv): { objects: Map<bigint, Owned>; collections: Map<bigint, Collection>; owner: Map<bigint, bigint> } {
  let found = worlds.get(env.mem);
  if (!found) {
    found = { objects: new Map(), collections: new Map(), owner: new Map() };
    worlds.set(env.mem, found);
  }
  return found;
}
function collection(env: RunEnv, head: bigint): Collection {
  env.mem.bytes(head, 16, false, "list or tree");
  const w = world(env);
  let c = w.collections.get(head);
  if (!c) {
    c = { nodes: [] };
    w.collections.set(head, c);
  }
  return c;
}

function newObject(env: RunEnv, typeId: bigint): bigint {
  const btf = env.program.btf;
  const id = Number(typeId & 0xffff_ffffn) as BtfId;
  const type = btf?.type(id);
  const size = btf?.sizeOf(id);
  if (!btf || !type || size === undefined) throw badAccess(`bpf_obj_new: type ${id} is none of the program's`);
  const region = env.mem.create(`object of type ${type.kind === BtfKind.STRUCT ? type.name : id}`, size);
  const address = env.mem.address(region);
  for (const f of specialFields(btf, id)) if (f.kind === "refcount") env.mem.regionBytes(region)[f.off] = 1;
  world(env).objects.set(address, { refcount: 1, size });
  return address;
}

function drop(env: RunEnv, object: bigint): void {
  const owned = world(env).objects.get(object);
  if (!owned) {
    if (object === 0n) return;
    throw badAccess(`bpf_obj_drop: 0x${object.toString(16)} is no object of the program`);
  }
  if (--owned.refcount > 0) return;
  world(env).objects.delete(object);
  const region = env.mem.regionAt(object);
  if (region) env.mem.release(region);
}

function acquire(env: RunEnv, object: bigint): bigint {
  const owned = world(env).objects.get(object);
  if (!owned) return 0n;
  owned.refcount++;
  return object;
}

/** Puts a node into a list; -EINVAL, and the node's reference dropped, when it is in one already. */
function listAdd(env: RunEnv, head: bigint, node: bigint, front: boolean, off: bigint): number {
  const w = world(env);
  if (w.owner.has(node)) {
    drop(env, BigInt.asUintN(64, node - off));
    return -Errno.EINVAL;
  }
  env.mem.bytes(node, 16, false, "node");
  const c = collection(env, head);
  if (front) c.nodes.unshift(node);
  else c.nodes.push(node);
  w.owner.set(node, head);
  return 0;
}

function listPop(env: RunEnv, head: bigint, front: boolean): bigint {
  const c = collection(env, head);
  const node = front ? c.nodes.shift() : c.nodes.pop();
  if (node === undefined) return 0n;
  world(env).owner.delete(node);
  return node;
}

function treeAdd(env: RunEnv, root: bigint, node: bigint, less: bigint, off: bigint): number {
  const w = world(env);
  if (w.owner.has(node)) {
    drop(env, BigInt.asUintN(64, node - off));
    return -Errno.EINVAL;
  }
  env.mem.bytes(node, 16, false, "node");
  const c = collection(env, root);
  let low = 0, high = c.nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((env.cpu.callback(less, [node, c.nodes[middle]!]) & 0xffn) !== 0n) high = middle;
    else low = middle + 1;
  }
  c.nodes.splice(low, 0, node);
  w.owner.set(node, root);
  return 0;
}

const pushFront = helper([A.u64, A.u64, A.u64, A.u64], (env, head, node, _meta, off) => listAdd(env, head, node, true, off));
const pushBack = helper([A.u64, A.u64, A.u64, A.u64], (env, head, node, _meta, off) => listAdd(env, head, node, false, off));
const addToTree = helper([A.u64, A.u64, A.u64, A.u64, A.u64], (env, root, node, less, _meta, off) => treeAdd(env, root, node, less, off));
const objNew = helper([A.u64], newObject);
const objDrop = helper([A.u64], drop);
const refcountAcquire = helper([A.u64], acquire);

export const objectKfuncs: HelperTable = {
  bpf_obj_new: objNew, bpf_obj_new_impl: objNew, bpf_percpu_obj_new: objNew, bpf_percpu_obj_new_impl: objNew,
  bpf_obj_drop: objDrop, bpf_obj_drop_impl: objDrop, bpf_percpu_obj_drop: objDrop, bpf_percpu_obj_drop_impl: objDrop,
  bpf_refcount_acquire: refcountAcquire, bpf_refcount_acquire_impl: refcountAcquire,
  bpf_list_push_front: pushFront, bpf_list_push_front_impl: pushFront,
  bpf_list_push_back: pushBack, bpf_list_push_back_impl: pushBack,
  bpf_list_pop_front: helper([A.u64], (env, head) => listPop(env, head, true)),
  bpf_list_pop_back: helper([A.u64], (env, head) => listPop(env, head, false)),
  bpf_list_front: helper([A.u64], (env, head) => collection(env, head).nodes[0] ?? 0n),
  bpf_list_back: helper([A.u64], (env, head) => collection(env, head).nodes.at(-1) ?? 0n),
  bpf_list_empty: helper([A.u64], (env, head) => (collection(env, head).nodes.length === 0 ? 1 : 0)),
  bpf_list_is_first: helper([A.u64, A.u64], (env, head, node) => (collection(env, head).nodes[0] === node ? 1 : 0)),
  bpf_list_is_last: helper([A.u64, A.u64], (env, head, node) => (collection(env, head).nodes.at(-1) === node ? 1 : 0)),
  bpf_list_del: helper([A.u64, A.u64], (env, head, node) => removeNode(env, head, node)),
  bpf_rbtree_add: addToTree, bpf_rbtree_add_impl: addToTree,
  bpf_rbtree_first: helper([A.u64], (env, root) => collection(env, root).nodes[0] ?? 0n),
  bpf_rbtree_remove: helper([A.u64, A.u64], (env, root, node) => removeNode(env, root, node)),
};

/** The node, taken out; NULL when it is not in that list or tree. */
function removeNode(env: RunEnv, head: bigint, node: bigint): bigint {
  const w = world(env);
  if (w.owner.get(node) !== head) return 0n;
  const c = collection(env, head);
  c.nodes = c.nodes.filter((n) => n !== node);
  w.owner.delete(node);
  return node;
}
