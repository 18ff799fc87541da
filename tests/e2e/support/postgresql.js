// A PostgreSQL server for a test.

import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "./server.js";
import { until } from "./wait.js";

/** Where the server's programs are; absent: the machine has none, and the tests skip themselves. */
export const programs = process.env.WEBHOOKS_POSTGRESQL_PROGRAMS;

/** PostgreSQL does not run as root. */
function otherUser() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync("id", [flag, "postgres"]));
  return { uid: id("-u"), gid: id("-g") };
}

/** On a Unix socket in a temporary directory; it ends with the test. */
export class Cluster {
  static async start(t) {
    const cluster = new Cluster();
    // Not in TMPDIR: PostgreSQL's user may not be able to enter it, and the path of a socket must
    // be short.
    cluster.directory = temporaryDirectory(t, "/tmp");
    cluster.user = otherUser();
    if (cluster.user.uid) chownSync(cluster.directory, cluster.user.uid, cluster.user.gid);
    cluster.uri = `postgresql://webhooks@/postgres?host=${cluster.directory}`;
    cluster.data = join(cluster.directory, "data");
    execFileSync(join(programs, "initdb"),
      ["--pgdata", cluster.data, "--username=webhooks", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"],
      { ...cluster.user, cwd: "/", stdio: ["ignore", "ignore", "inherit"] });
    t.after(() => cluster.stop());
    await cluster.go();
    return cluster;
  }

  /** It begins to serve. */
  async go() {
    const options = ["-D", this.data, "-k", this.directory, "-c", "listen_addresses=", "-c", "fsync=off"];
    this.process = spawn(join(programs, "postgres"), options, { ...this.user, cwd: "/", stdio: "ignore" });
    this.ended = new Promise((resolve) => this.process.on("close", () => resolve((this.process = undefined))));
    const state = join(this.data, "postmaster.pid");
    await until("PostgreSQL is ready", () =>
      existsSync(state) && readFileSync(state, "utf8").split("\n")[7]?.startsWith("ready"));
  }

  /** Ends it with all of its connections. */
  async stop() {
    this.process?.kill("SIGQUIT");
    await this.ended;
  }
}
