// Loaded before Azurite: it ends in good order with whoever started it, and no signature reaches its log.
"use strict";

// Our standard input is a pipe that the parent holds open and never writes to: its end is the parent's end.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.on("error", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
process.stdin.unref(); // nor does waiting for it keep a closed Azurite alive

// The access log has whole URLs, and a SAS in a URL is a secret.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (chunk, ...rest) => write(String(chunk).replace(/\bsig=[^&\s"]*/g, "sig=REDACTED"), ...rest);
