"use client";

import { LiveChart } from "@/components/dashboard/live-chart";
import { Notifications } from "@/components/notifications";
import { useChannel } from "@/hooks/use-channel";
import { DASHBOARD_CHANNEL, userChannel } from "@/lib/channels";

export const ChartOverPusher = () => <LiveChart channel={useChannel(DASHBOARD_CHANNEL)} />;

export const NotificationsOverPusher = ({ userId }: { readonly userId: string }) => (
  <Notifications userId={userId} channel={useChannel(userChannel(userId))} />
);
