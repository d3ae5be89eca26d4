import type { Metadata } from "next";
import { DashboardChart } from "@/components/live";
import { PageHeader } from "@/components/page-header";
import { requireUser } from "@/lib/user";

export const metadata: Metadata = { title: "Live dashboard" };

export default async function DashboardPage() {
  await requireUser();
  return (
    <section className="flex h-full flex-col" aria-labelledby="title">
      <PageHeader title="Live dashboard" />
      <DashboardChart />
    </section>
  );
}
