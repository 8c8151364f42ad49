// Run code on MicroPython (WebAssembly). Usage: node run.mjs tests|heap REQUEST.json, called by runner.py.
//
// Each script or package gets a fresh interpreter, with the files of the image in /lib. Between two calls into
// Python control is back here: only then can the garbage collector free anything, so heap figures are read here.
// Interpreters share a global of the package: one must be done with before the next is started.
// Prints one JSON object a line; runner.py makes them readable.

import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

function* files(folder, inside = "") {
  for (const entry of fs.readdirSync(path.join(folder, inside), { withFileTypes: true })) {
    const name = inside ? `${inside}/${entry.name}` : entry.name;
    if (entry.isDirectory()) yield* files(folder, name);
    else if (/\.(mpy|json)$/.test(name)) yield name;
  }
}

function put(mp, name, data) {
  let folder = "/lib";
  for (const part of name.split("/").slice(0, -1)) {
    folder += "/" + part;
    if (!mp.FS.analyzePath(folder).exists) mp.FS.mkdir(folder);
  }
  mp.FS.writeFile("/lib/" + name, data);
}

async function start(request) {
  const lines = [];
  const mp = await loadMicroPython({ heapsize: 1 << 20, linebuffer: true, stdout: (line) => lines.push(line) });
  mp.FS.mkdir("/lib");
  for (const name of files(request.image)) put(mp, name, fs.readFileSync(path.join(request.image, name)));
  put(mp, "ulab/precision.py", `CODE = "${request.precision}"\n`);
  const python = (code) => {
    lines.length = 0;
    try {
      mp.runPython(code);
      return { ok: true, lines: [...lines] };
    } catch (error) {
      return { ok: false, lines: [...lines, ...String(error.message).trim().split("\n")] };
    }
  };
  const collected = () => {
    for (let i = 0; i < 3; i++) python("gc.collect()");
    return Number(python("print(gc.mem_alloc())").lines[0]);
  };
  const ready = python("import device_harness, gc");
  if (!ready.ok) throw new Error(ready.lines.join("\n"));
  return { python, collected };
}

const say = (object) => console.log(JSON.stringify(object));

async function listScript(request, script) {
  const { python } = await start(request);
  const loaded = python(`device_harness.load("${script}")`);
  if (!loaded.ok) say({ script, test: "import", ok: false, lines: loaded.lines });
  const names = loaded.ok ? loaded.lines : [];
  const isHeap = (name) => name.startsWith("heap_");
  return { python, tests: names.filter((name) => !isHeap(name)), heaps: names.filter(isHeap) };
}

async function runScript(request, script) {
  const { python, tests, heaps } = await listScript(request, script);
  for (const test of tests) {
    const begun = performance.now();
    const result = python(`device_harness.run("${test}")`);
    say({ script, test, ok: result.ok, lines: result.lines, ms: Math.round(performance.now() - begun) });
  }
  await runHeaps(request, script, heaps);
}

async function runHeaps(request, script, heaps) {
  for (const test of heaps) {
    const { python, collected } = await start(request);
    python(`device_harness.load("${script}")`);
    const before = collected();
    const result = python(`device_harness.keep("${test}")`);
    say({ script, test, ok: result.ok, lines: result.lines, heap: collected() - before });
  }
}

async function measureImports(request, { name, before, modules }) {
  const { python, collected } = await start(request);
  for (const module of before) python(`import ${module}`);
  const base = collected();
  for (const module of modules) {
    const result = python(`import ${module}`);
    if (!result.ok) return say({ package: name, ok: false, lines: result.lines });
  }
  say({ package: name, ok: true, heap: collected() - base });
}

const request = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
if (process.argv[2] === "tests") for (const script of request.scripts) await runScript(request, script);
else {
  for (const entry of request.packages) await measureImports(request, entry);
  for (const script of request.scripts) await runHeaps(request, script, (await listScript(request, script)).heaps);
}
