export { POST } from "@/lib/authorization";

export const runtime = "edge";
