// A receiver of webhooks that stores everything it receives.

import http from "node:http";
import { once } from "node:events";

export class Receiver {
  /**
   * @param answer given a request, {status, headers, body} or a promise of it; default 204
   * @param host where it listens; its url is on 127.0.0.1 in any case
   */
  static async start(t, answer = () => ({ status: 204 }), host = "127.0.0.1") {
    const receiver = new Receiver();
    /** In order of arrival: {path, headers, body (bytes), id} */
    receiver.requests = [];
    receiver.server = http.createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", async () => {
        const got = {
          method: request.method,
          path: request.url,
          headers: request.headers,
          body: Buffer.concat(chunks),
          id: request.headers["webhook-id"],
        };
        receiver.requests.push(got);
        const { status, headers, body } = await answer(got, receiver);
        response.writeHead(status, headers).end(body);
      });
    });
    receiver.server.listen(0, host);
    await once(receiver.server, "listening");
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/`;
    t.after(() => receiver.stop());
    return receiver;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections?.();
  }
}
