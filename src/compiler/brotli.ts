/** Brotli as a stream transform: the platform's where it has one, else brotli-dec-wasm (fetched only then). */
export async function brotliTransform(): Promise<ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>> {
  try {
    // Not in every browser's list of formats yet: the constructor throws where it is not.
    return new DecompressionStream("brotli" as CompressionFormat) as unknown as ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>;
  } catch {
    const { default: loading } = await import("brotli-dec-wasm");
    const { BrotliDecStream, BrotliStreamResultCode } = await loading;
    const decoder = new BrotliDecStream();
    let finished = false;
    return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        let input = chunk;
        while (!finished) {
          const result = decoder.dec(input, 1 << 20);
          const output = result.buf;
          const used = result.input_offset;
          const code = result.code;
          result.free();
          if (output.length > 0) controller.enqueue(output as Uint8Array<ArrayBuffer>);
          input = input.subarray(used);
          if (code === BrotliStreamResultCode.ResultSuccess) finished = true;
          else if (code === BrotliStreamResultCode.NeedsMoreInput) return;
        }
      },
      flush(controller) {
        if (!finished) controller.error(new Error("the compressed file is cut short"));
        decoder.free();
      },
    });
  }
}
