// MicroPython that runs what it is sent. Usage: node repl.mjs STAND_IN, used by host_tests/tools/raw_repl_board.py.
//
// A line of standard input is { code }; the answer is a line { out, error }. STAND_IN: folder with ulab, or "".

import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

let out = "";
const mp = await loadMicroPython({ heapsize: 1 << 22, linebuffer: true, stdout: (line) => (out += line + "\r\n") });
mp.FS.mkdir("/lib");
if (process.argv[2]) {
  mp.FS.mkdir("/stand_in");
  mp.FS.mkdir("/stand_in/ulab");
  const folder = path.join(process.argv[2], "ulab");
  for (const name of fs.readdirSync(folder))
    if (name.endsWith(".mpy")) mp.FS.writeFile("/stand_in/ulab/" + name, fs.readFileSync(path.join(folder, name)));
  mp.FS.writeFile("/stand_in/ulab/precision.py", 'CODE = "f"\n');
  mp.runPython("import sys; sys.path.append('/stand_in')");
}
for await (const line of readline.createInterface({ input: process.stdin })) {
  out = "";
  let error = "";
  try {
    mp.runPython(JSON.parse(line).code);
  } catch (problem) {
    error = String(problem.message);
  }
  console.log(JSON.stringify({ out, error }));
}
