"use client";

import { RealtimeProvider } from "@polywire/react/ably";
import type { ReactNode } from "react";
import { LiveChart } from "@/components/dashboard/live-chart";
import { Notifications } from "@/components/notifications";
import { useAblyChannel } from "@/hooks/use-ably-channel";
import { getAblyClient } from "@/lib/ably/client";
import { DASHBOARD_CHANNEL, userChannel } from "@/lib/channels";

export const ChartOverAbly = () => (
  <OverAbly>
    <Chart />
  </OverAbly>
);

export const NotificationsOverAbly = ({ userId }: { readonly userId: string }) => (
  <OverAbly>
    <Notices userId={userId} />
  </OverAbly>
);

const Chart = () => <LiveChart channel={useAblyChannel(DASHBOARD_CHANNEL)} />;

const Notices = ({ userId }: { readonly userId: string }) => (
  <Notifications userId={userId} channel={useAblyChannel(userChannel(userId))} />
);

const OverAbly = ({ children }: { readonly children: ReactNode }) => (
  <RealtimeProvider client={getAblyClient}>{children}</RealtimeProvider>
);
