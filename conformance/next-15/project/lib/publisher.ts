import { createPublisher } from "@polywire/next";

export const publisher = createPublisher();
