// Heap of an image, module by module. Usage: node heap.mjs REQUEST.json, called by tools/ferraris/image.py.
//
// request: { image: folder of .mpy, stand_in: folder with ulab, modules: names, each after those it imports }.
// Prints { module: bytes alive after its import, or null if it cannot be imported here }.

import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const request = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const lines = [];
const mp = await loadMicroPython({ heapsize: 1 << 20, linebuffer: true, stdout: (line) => lines.push(line) });
mp.FS.mkdir("/lib");

function put(folder, inside = "") {
  for (const entry of fs.readdirSync(path.join(folder, inside), { withFileTypes: true })) {
    const name = inside ? `${inside}/${entry.name}` : entry.name;
    if (entry.isDirectory()) {
      if (!mp.FS.analyzePath("/lib/" + name).exists) mp.FS.mkdir("/lib/" + name);
      put(folder, name);
    } else if (name.endsWith(".mpy")) mp.FS.writeFile("/lib/" + name, fs.readFileSync(path.join(folder, name)));
  }
}

function python(code) {
  lines.length = 0;
  try {
    mp.runPython(code);
    return true;
  } catch {
    return false;
  }
}

function collected() {
  for (let i = 0; i < 3; i++) python("gc.collect()");
  python("print(gc.mem_alloc())");
  return Number(lines[0]);
}

mp.FS.mkdir("/lib/ulab");
for (const name of fs.readdirSync(path.join(request.stand_in, "ulab")))
  if (name.endsWith(".mpy")) mp.FS.writeFile("/lib/ulab/" + name, fs.readFileSync(path.join(request.stand_in, "ulab", name)));
mp.FS.writeFile("/lib/ulab/precision.py", 'CODE = "f"\n');
put(request.image);
python("import gc, asyncio, json, struct, hashlib");
python("from ulab import numpy, utils");

const found = {};
for (const module of request.modules) {
  const before = collected();
  found[module] = python(`import ${module}`) ? collected() - before : null;
}
console.log(JSON.stringify(found));
