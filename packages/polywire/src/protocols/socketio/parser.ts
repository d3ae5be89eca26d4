import { Frame } from "../../core/encoder.js";
import { type Pack, packText } from "./encoder.js";

/** `json` is socket.io's own. */
export type ParserName = "json" | "msgpack";

/** A parser as socket.io takes it (its documentation, "Custom parser"), and what packs events for it. */
export interface LoadedParser {
  /** Null: socket.io's own. */
  readonly parser: object | null;
  readonly pack: Pack;
}

/** Socket.IO protocol 5, "Packet types". */
const EVENT = 2;

/** A parser that is not socket.io's own is loaded when it is configured. */
export async function loadParser(name: ParserName): Promise<LoadedParser> {
  if (name === "json") return { parser: null, pack: packText };
  const parser = await import("socket.io-msgpack-parser");
  const encoder = new parser.Encoder() as unknown as { encode(packet: object): readonly Uint8Array[] };
  return {
    parser,
    pack: (nsp, args) => {
      const data = args.map((argument) =>
        typeof argument === "string" ? JSON.parse(argument) : Buffer.from(argument),
      );
      return new Frame(encoder.encode({ type: EVENT, nsp, data }));
    },
  };
}
