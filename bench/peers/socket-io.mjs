// Stock Socket.IO behind the part of the HTTP API that the load client calls: rooms, and io.to(room).emit().
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Server } from "socket.io";

const http = createServer(async (request, response) => {
  if (request.url?.startsWith("/apps/")) {
    const body = JSON.parse(await text(request));
    for (const { channel, name, data } of body.batch ?? [body]) io.to(channel).emit(name, channel, JSON.parse(data));
  }
  response.end("{}");
});
const io = new Server(http);
io.on("connection", (socket) => {
  socket.on("subscribe", ({ channel }, acknowledge) => {
    socket.join(channel);
    acknowledge?.({ ok: true });
  });
});
http.listen(Number(process.env.PORT), "127.0.0.1");
