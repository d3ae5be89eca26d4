"use client";

import dynamic from "next/dynamic";
import { ChartOverPusher, NotificationsOverPusher } from "@/components/over-pusher";

/** Decided when the chat is built; whichever is not used is loaded by no page. */
const isAbly = process.env.NEXT_PUBLIC_REALTIME === "ably";

export const DashboardChart = isAbly
  ? dynamic(() => import("@/components/over-ably").then(({ ChartOverAbly }) => ChartOverAbly))
  : ChartOverPusher;

export const LiveNotifications = isAbly
  ? dynamic(() => import("@/components/over-ably").then(({ NotificationsOverAbly }) => NotificationsOverAbly))
  : NotificationsOverPusher;
