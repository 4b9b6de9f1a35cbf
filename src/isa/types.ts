/** One 8-byte instruction slot, decoded (RFC 9669 section 3). ld_imm64 takes two slots: the second has code 0 and carries the high half in imm. */
export interface Insn {
  /** opcode byte */
  code: number;
  /** destination register 0…15 as encoded; only 0…10 are valid */
  dst: number;
  /** source register or pseudo source, 0…15 */
  src: number;
  /** signed 16-bit offset */
  off: number;
  /** signed 32-bit immediate */
  imm: number;
}
