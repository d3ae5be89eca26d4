export { GET, POST } from "@/lib/tokens";

export const runtime = "edge";
