"use client";

export { useChannel, useEvent } from "@polywire/react";
