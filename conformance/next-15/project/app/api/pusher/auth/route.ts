export { POST } from "@/lib/authorization";
