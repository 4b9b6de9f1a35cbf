import { readUpTo } from "./stream.ts";
import { err, ok, type Result } from "../base/result.ts";
import { emptyProject, parseProject } from "./project.ts";
import type { Project } from "./types.ts";

/**
 * A share link's fragment, version 1:
 *
 *     #v1.<settings>.<payload>
 *
 * settings: readable key=value pairs joined by "&" (k=7.2&O=2&cpu=v3&p=program), so that a person sees what a link asks for;
 * payload: the project as JSON, raw deflate, base64url. On a conflict the payload wins; settings are for the reader.
 * `#v1.<payload>` without settings reads as well. The form is frozen: what this file once wrote, it reads for ever.
 */
const PREFIX = "v1.";
/** Characters of a fragment; browsers take 2 MB and more, a project of 1 MB deflates to far less. */
export const MAX_FRAGMENT = 1_500_000;
/** Bytes after inflating: the most a project can be, with room for JSON escapes. */
export const MAX_INFLATED = 8 * 1024 * 1024;

/** The fragment (without "#") that holds the whole project. */
export async function encodeLink(project: Project): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(minimal(project)));
  const packed = await pipe(bytes, new CompressionStream("deflate-raw"), Infinity);
  return `${PREFIX}${settings(project)}.${toBase64Url(packed!)}`;
}

/** True when a fragment claims to be a share link of any version. */
export function isLink(fragment: string): boolean {
  return /^#?v\d+\./.test(fragment);
}

/** The project in a fragment (with or without "#"). Every defect of the link is an error text for the person who opened it. */
export async function decodeLink(fragment: string): Promise<Result<Project, string>> {
  const text = fragment.startsWith("#") ? fragment.slice(1) : fragment;
  const version = /^v(\d+)\./.exec(text)?.[1];
  if (version === undefined) return err("This is not a link of the playground.");
  if (version !== "1") return err(`This link has version ${version.slice(0, 6)}; this page reads version 1. A newer page may open it.`);
  if (text.length > MAX_FRAGMENT) return err(`This link is ${text.length} characters long; more than ${MAX_FRAGMENT} are not read.`);
  const body = text.slice(PREFIX.length);
  const dot = body.lastIndexOf(".");
  const payload = dot < 0 ? body : body.slice(dot + 1);
  const packed = fromBase64Url(payload);
  if (!packed || packed.length === 0) return err("This link is damaged: its last part is not base64url. It may have been cut when it was copied.");
  let inflated: Uint8Array | null;
  try {
    inflated = await pipe(packed, new DecompressionStream("deflate-raw"), MAX_INFLATED);
  } catch {
    return err("This link is damaged: its content does not unpack. It may have been cut when it was copied.");
  }
  if (!inflated) return err(`This link unpacks to more than ${MAX_INFLATED / 1024 / 1024} MB and is not read further.`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(inflated));
  } catch {
    return err("This link is damaged: what it holds is not a project.");
  }
  const project = parseProject(json);
  return project.ok ? project : err(`This link does not hold a usable project: ${project.error}.`);
}

/** Leaves out what is at its default, so that a small program makes a short link. */
function minimal(project: Project): Record<string, unknown> {
  const base = emptyProject() as unknown as Record<string, unknown>;
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(project)) {
    if (key === "schema" || key === "files" || key === "kernel" || JSON.stringify(value) !== JSON.stringify(base[key])) out[key] = value;
  }
  return out;
}

function settings(project: Project): string {
  const pairs = [["k", project.kernel], ["O", project.flags.opt.slice(2)], ["cpu", project.flags.mcpu]];
  if (project.program) pairs.push(["p", project.program]);
  return pairs.map(([key, value]) => `${key}=${encodeURIComponent(value!).replaceAll(".", "%2E")}`).join("&");
}

/** All bytes of a stream, or null when they pass the limit (the stream is then cancelled). */
async function pipe(input: Uint8Array, through: CompressionStream | DecompressionStream, limit: number): Promise<Uint8Array | null> {
  return readUpTo(new Blob([input as BlobPart]).stream().pipeThrough(through as unknown as ReadableWritablePair<Uint8Array, Uint8Array>), limit);
}

export function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const out = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
    return out;
  } catch {
    return undefined;
  }
}
