export { GET, POST } from "@/lib/tokens";
