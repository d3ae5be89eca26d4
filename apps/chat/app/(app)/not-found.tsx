import Link from "next/link";
import { Button } from "@/components/ui/button";

export default function NotFound() {
  return (
    <div className="grid h-full place-content-center justify-items-center gap-4 p-6 text-center">
      <h1 className="font-semibold text-xl">Nothing is here for you</h1>
      <p className="max-w-sm text-muted text-sm">This conversation does not exist, or you are not in it.</p>
      <Button asChild variant="outline">
        <Link href="/">To your conversations</Link>
      </Button>
    </div>
  );
}
