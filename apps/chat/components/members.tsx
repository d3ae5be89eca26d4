"use client";

import { Avatar } from "@/components/ui/avatar";
import { usePresence } from "@/hooks/use-presence";

const SHOWN = 5;

/** Who is in a presence channel, each once however many tabs they have. Whoever comes moves nobody: there is room. */
export function Members({ channelName }: { readonly channelName: string }) {
  const { members, count } = usePresence(channelName);
  const names = members.map(({ info }) => info.name).join(", ");
  return (
    <div className="flex h-9 items-center justify-end gap-3 sm:w-56">
      <ul aria-label="Online" className="flex flex-row-reverse -space-x-2 space-x-reverse sm:flex-1">
        {members.slice(0, SHOWN).map(({ id, info }) => (
          <li key={id} title={info.name}>
            <Avatar id={id} name={info.name} className="size-8 ring-2 ring-background" />
            <span className="sr-only">{info.name}</span>
          </li>
        ))}
      </ul>
      <p title={names} className="flex min-w-18 items-center justify-end gap-2 text-muted text-sm tabular-nums">
        {count > 0 && <span aria-hidden="true" className="size-2 rounded-full bg-online" />}
        {count > 0 && `${count} online`}
      </p>
    </div>
  );
}
