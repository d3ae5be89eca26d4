import { createPublisher } from "@polywire/next";

export const runtime = "edge";

export async function POST() {
  try {
    await createPublisher().trigger("news", "event", {});
    return new Response("published");
  } catch (error) {
    return new Response(String(error), { status: 500 });
  }
}
