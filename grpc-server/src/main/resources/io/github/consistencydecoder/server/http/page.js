(() => {
  "use strict";
  const KEPT = 12;
  const CELL = 8;
  const PREVIEW = "bundled-preview";
  const PICTURES = ["png", "jpg", "jpeg", "webp", "avif", "gif", "bmp", "heic", "tif", "tiff", "jxl"];
  const TYPES = { safetensors: "application/safetensors", latent: "application/safetensors", npy: "application/x-npy",
    npz: "application/zip", pt: "application/zip", pth: "application/zip" };
  const BARE = ["raw", "bin", "f32", "f16", "bf16"];
  const NUMBERS = { float32: 4, float16: 2, bfloat16: 2 };
  const FIELDS = ["model", "other", "scale", "seed", "steps", "dialect", "side", "shape", "dtype"];
  const $ = (id) => document.getElementById(id);

  /** What is to be done; done, the newest first; the one under work; what its failure left undone. */
  let queue = [];
  let items = [];
  let current = null;
  let refused = [];
  let batch = { size: 0, done: 0 };
  let models = [];
  let most = Infinity;
  let token = "";
  /** Milliseconds for a pixel and step, by model: what a decode took before is what it may take again. */
  const pace = new Map();

  function element(name, text, className) {
    const e = document.createElement(name);
    if (text !== undefined) e.textContent = text;
    if (className) e.className = className;
    return e;
  }
  function picture(src, size, alt) {
    const e = element("img");
    Object.assign(e, { src, alt, width: size.width, height: size.height });
    return e;
  }
  function say(text) {
    if ($("status").textContent !== text) $("status").textContent = text;
    $("clock").textContent = "";
  }
  const plural = (n, word) => n + " " + word + (n === 1 ? "" : "s");
  const seconds = (millis) => (millis / 1000).toFixed(1) + " s";

  async function call(path, options) {
    const headers = { ...options.headers };
    if (token) headers.Authorization = "Bearer " + token;
    let response;
    try {
      response = await fetch(path, { ...options, headers, cache: "no-store" });
    } catch (e) {
      throw e.name === "AbortError" ? e : new Error("the service does not answer");
    }
    if (response.ok) return response;
    let sentence = "the service answered " + response.status;
    try {
      sentence = ((await response.json()).error || sentence).replace(/^body: /, "");
    } catch {
      // It is no JSON: the number has to do.
    }
    const error = new Error(sentence);
    error.locked = response.status === 401 || response.status === 403;
    throw error;
  }

  // The models.

  async function showModels() {
    let found;
    try {
      found = await (await call("/models", { headers: { Accept: "application/json" } })).json();
    } catch (e) {
      $("models").replaceChildren(element("li", e.locked ? "shown to those who have the token" : e.message, "unready"));
      if (e.locked) $("token-form").hidden = false;
      else setTimeout(showModels, 5000);
      return;
    }
    $("token-form").hidden = true;
    models = found.models;
    most = found.max_pixels;
    $("models").replaceChildren(...models.map((model) => {
      const item = element("li");
      const more = [model.name === PREVIEW ? "a small preview, not OpenAI's decoder" : "",
        model.ready ? "ready" : "not ready: " + model.reason, (model.device || "").split(",")[0],
        model.encodes ? "encodes photographs" : ""].filter(Boolean).join(" · ");
      item.append(element("code", model.name), " ", element("span", more, model.ready ? "soft" : "unready"));
      return item;
    }));
    const ready = models.filter((model) => model.ready).map((model) => model.name);
    choices($("model"), ready);
    choices($("other"), ["nothing", ...ready]);
    $("other-label").hidden = ready.length < 2;
    summarise();
    if (ready.length < models.length) setTimeout(showModels, 3000);
    next();
  }
  function choices(select, names) {
    if ([...select.options].map((o) => o.value).join() === names.join()) return;
    const before = select.value;
    select.replaceChildren(...names.map((name) => new Option(name)));
    if (names.includes(before)) select.value = before;
  }

  // The settings.

  const settings = () => Object.fromEntries(FIELDS.map((id) => [id, $(id).value.trim()]));
  function summarise() {
    const s = settings();
    $("summary").textContent = [s.model, plural(Number(s.steps), "step"), "seed " + (s.seed || 0)].filter(Boolean).join(" · ");
  }
  /** A picture is never seen beside settings that are not its own: what was shown is made again. */
  function changed() {
    summarise();
    const again = current ? [current, ...queue] : items.filter((item) => item.shown).slice(0, 1).map((item) => item.job);
    const more = again.length ? again : refused;
    stop();
    show(null);
    if (more.length) begin(more.map((job) => job.file));
  }

  // The work.

  function take(files) {
    if (!files || !files.length) return;
    document.body.classList.add("used");
    if (!current && !queue.length) show(null);
    begin([...files]);
  }
  function begin(files) {
    if (!current && !queue.length) batch = { size: 0, done: 0 };
    batch.size += files.length;
    refused = [];
    $("errors").replaceChildren();
    queue.push(...files.map((file) => ({ file, settings: settings() })));
    next();
  }
  function stop() {
    queue = [];
    if (current) current.abort.abort();
    current = null;
    busy(null);
  }
  function next() {
    if (current || !queue.length) return;
    if (!$("model").options.length) {
      say(models.length ? "no model is ready so far; this waits" : "asking for the models ..");
      busy({});
      return;
    }
    const job = queue.shift();
    if (!job.settings.model) job.settings = settings();
    Object.assign(job, { abort: new AbortController(), begun: Date.now() });
    current = job;
    busy(job);
    work(job).then(
      (made) => finish(job, () => {
        made.forEach((item) => keep(item));
        say(batch.size > 1 ? batch.done + " of " + plural(batch.size, "file") + " done" : "done");
      }),
      (e) => finish(job, () => fail(job, e)));
  }
  function finish(job, act) {
    if (current !== job) return; // It was cancelled: another may be under way.
    current = null;
    batch.done++;
    busy(null);
    act();
    next();
  }
  function fail(job, e) {
    refused.push(job);
    if (batch.size === 1) show(null);
    say("");
    $("errors").append(element("li", job.file.name + ": " + e.message));
    if (e.locked) {
      refused.push(...queue.splice(0));
      $("token-form").hidden = false;
      $("token").focus();
    }
  }
  function busy(job) {
    const idle = !job || !job.begun;
    clearInterval(busy.clock);
    if (!job && document.activeElement === $("stop")) $("file").focus({ preventScroll: true });
    $("stop").hidden = !job;
    $("progress").hidden = idle;
    $("progress").removeAttribute("value");
    if (idle) return;
    const tell = () => {
      const taken = Date.now() - job.begun;
      say((batch.size > 1 ? batch.done + 1 + " of " + batch.size + ": " : "") + job.file.name + ", " + (job.doing || "reading"));
      $("clock").textContent = ", " + Math.round(taken / 1000) + " s";
      if (job.expected) $("progress").value = Math.min((Date.now() - job.since) / job.expected, 0.97);
    };
    tell();
    busy.clock = setInterval(tell, 250);
    job.tell = tell;
  }
  function doing(job, what, model, pixels) {
    job.doing = what;
    job.since = Date.now();
    job.expected = pace.has(model) ? pace.get(model) * pixels : 0;
    if (!job.expected) $("progress").removeAttribute("value");
    if (current === job) job.tell();
  }

  async function work(job) {
    const { file } = job;
    const extension = file.name.slice(file.name.lastIndexOf(".") + 1).toLowerCase();
    if (file.type.startsWith("image/") || PICTURES.includes(extension)) return photograph(job);
    return decoded(job, file, await body(file, extension, job.settings), null);
  }

  /** How a file of latents is sent: by what it begins with, else by its name, else as bare numbers. */
  async function body(file, extension, s) {
    const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
    const text = String.fromCharCode(...head);
    const said = { ".npy": text.startsWith("\x93NUMPY"), ".npz": text.startsWith("PK"), ".pt": head[0] === 0x80, ".latent": text[8] === "{" };
    const kind = Object.keys(said).find((name) => said[name]);
    const type = kind ? TYPES[kind.slice(1)] : TYPES[extension];
    if (type) return { type, query: {} };
    if (!BARE.includes(extension)) {
      throw new Error("neither a picture nor latents: .safetensors, .latent, .npy, .npz, .pt, or bare numbers in ." + BARE.join(", ."));
    }
    const dtype = s.dtype || { f16: "float16", bf16: "bfloat16" }[extension] || "float32";
    const side = Math.sqrt(file.size / NUMBERS[dtype] / 4);
    if (!s.shape && !Number.isInteger(side)) {
      $("settings").open = true;
      throw new Error("bare numbers: their shape is needed in the settings, for example 1,4,64,48");
    }
    return { type: "tensor/binary", query: { dtype, shape: s.shape || [1, 4, side, side].join() } };
  }

  async function photograph(job) {
    const { file, settings: s } = job;
    const encoder = models.find((m) => m.ready && m.encodes && m.name === s.model) || models.find((m) => m.ready && m.encodes);
    if (!encoder) {
      throw new Error("this is a photograph, and no loaded model encodes; start the service with a VAE too, for example"
        + " serve --model tiny --model sd-vae-ft-mse, or drop latents");
    }
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      throw new Error("this browser cannot open the picture; PNG, JPEG or WebP is needed");
    }
    // As large as wanted and allowed; the sides are multiples of a latent's cell, so the edge may lose a few pixels.
    const scale = Math.min(1, s.side / Math.max(bitmap.width, bitmap.height), Math.sqrt(most / bitmap.width / bitmap.height));
    const cells = (length) => Math.max(CELL, Math.floor((length * scale) / CELL + 1e-6) * CELL);
    const canvas = element("canvas");
    const size = { width: cells(bitmap.width), height: cells(bitmap.height) };
    Object.assign(canvas, size);
    const paper = canvas.getContext("2d");
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, size.width, size.height);
    const grown = Math.max(scale, size.width / bitmap.width, size.height / bitmap.height);
    const [width, height] = [bitmap.width * grown, bitmap.height * grown];
    paper.imageSmoothingQuality = "high";
    paper.drawImage(bitmap, (size.width - width) / 2, (size.height - height) / 2, width, height);
    const png = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const original = { model: "original", url: URL.createObjectURL(png), ...size };
    if (current === job && batch.size === 1) wait(original);
    doing(job, "encoding by " + encoder.name, "encode " + encoder.name, size.width * size.height);
    const response = await call("/encode?" + new URLSearchParams({ model: encoder.name }), { method: "POST", body: png,
      signal: job.abort.signal, headers: { "Content-Type": "image/png", Accept: "tensor/binary" } });
    const numbers = await response.arrayBuffer();
    const millis = Number(response.headers.get("x-encode-ms"));
    pace.set("encode " + encoder.name, Math.max(millis, 1) / size.width / size.height);
    const note = "encoded by " + encoder.name + " in " + seconds(millis)
      + (size.width === bitmap.width && size.height === bitmap.height ? "" : ", from " + bitmap.width + " × " + bitmap.height);
    const sent = { type: "tensor/binary", query: { latents: "unscaled", dtype: response.headers.get("dtype"),
      shape: JSON.parse(response.headers.get("shape")).join() } };
    return decoded(job, numbers, sent, { ...original, note });
  }

  async function decoded(job, data, sent, original) {
    const s = job.settings;
    const names = [s.model, ...(s.other !== "nothing" && s.other !== s.model ? [s.other] : [])].filter(Boolean);
    const results = [];
    for (const name of names) {
      results.push(await decode(job, data, sent, name));
    }
    return results[0].pictures.map((_, k) => ({
      job,
      name: job.file.name + (results[0].pictures.length > 1 ? ", " + (k + 1) : ""),
      stem: job.file.name.replace(/\.[^.]*$/, "") + (results[0].pictures.length > 1 ? "-" + (k + 1) : ""),
      original,
      layers: [...(original ? [original] : []), ...results.map((r) => ({ ...r, ...r.pictures[k] }))],
    }));
  }

  async function decode(job, data, sent, model) {
    const s = job.settings;
    const query = { output_type: "pt", partial_postprocess: "True", model, seed: s.seed || "0", steps: s.steps,
      dialect: s.dialect, latents: s.scale, ...sent.query };
    const shape = (sent.query.shape || "").split(",").map(Number);
    const pixels = shape.length > 3 ? shape[0] * shape[2] * shape[3] * CELL * CELL : (job.pixels || 512 * 512);
    const key = model + " " + s.steps;
    doing(job, "decoding by " + model, key, pixels);
    const response = await call("/?" + new URLSearchParams(query), { method: "POST", body: data, signal: job.abort.signal,
      headers: { "Content-Type": sent.type, Accept: "tensor/binary" } });
    const [count, height, width] = JSON.parse(response.headers.get("shape"));
    const levels = new Uint8Array(await response.arrayBuffer());
    const millis = Number(response.headers.get("x-decode-ms"));
    pace.set(key, Math.max(millis, 1) / (count * width * height));
    job.pixels = count * width * height;
    const pictures = [];
    for (let k = 0; k < count; k++) {
      const image = new ImageData(width, height);
      for (let i = 0, from = k * 3 * width * height; i < 4 * width * height; i += 4, from += 3) {
        image.data[i] = levels[from];
        image.data[i + 1] = levels[from + 1];
        image.data[i + 2] = levels[from + 2];
        image.data[i + 3] = 255;
      }
      const canvas = element("canvas");
      Object.assign(canvas, { width, height });
      canvas.getContext("2d").putImageData(image, 0, 0);
      const png = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
      pictures.push({ url: URL.createObjectURL(png), width, height });
    }
    return { model, pictures, millis, latents: response.headers.get("x-latents"), seed: response.headers.get("x-seed"),
      warning: response.headers.get("x-warning") };
  }

  // The pictures.

  function keep(item) {
    items.unshift(item);
    for (const old of items.splice(KEPT)) {
      old.layers.forEach((layer) => URL.revokeObjectURL(layer.url));
    }
    show(item);
  }
  /** A photograph while it is decoded. */
  function wait(original) {
    const box = element("div", undefined, "waiting");
    box.style.setProperty("--ratio", original.width / original.height);
    box.append(picture(original.url, original, "the photograph, not decoded so far"));
    $("shown").replaceChildren(box);
  }
  /** One of the items with the settings that made it, or none. */
  function show(item) {
    for (const each of items) each.shown = each === item;
    if (item) {
      for (const id of FIELDS) $(id).value = item.job.settings[id];
      summarise();
    }
    $("shown").replaceChildren(...(item ? [figure(item)] : []));
    $("shown").classList.remove("stale");
    $("strip").replaceChildren(...items.map((each) => {
      const entry = element("li");
      const button = element("button");
      button.type = "button";
      button.title = each.name;
      if (each.shown) button.setAttribute("aria-current", "true");
      button.append(picture(each.layers.find((layer) => layer !== each.original).url, { width: 64, height: 64 }, each.name));
      button.addEventListener("click", () => {
        show(each);
        $("strip").querySelector("[aria-current]").focus();
      });
      entry.append(button);
      return entry;
    }));
  }

  function figure(item) {
    const { layers } = item;
    const [left, right] = layers;
    const box = element("article");
    const view = element("div", undefined, "slider");
    const stage = element("div", undefined, "stage");
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-label", item.name + ". Plus and minus zoom, arrows move.");
    const under = picture(left.url, left, right ? left.model : "decoded by " + left.model);
    under.className = "under";
    stage.append(under);
    view.append(stage);
    const tools = element("div", undefined, "tools");
    if (right) {
      const over = element("div", undefined, "over");
      over.append(picture(right.url, right, right.model));
      stage.append(over);
      view.append(element("span", left.model, "tag left"), element("span", right.model, "tag right"), handle());
    }
    if (layers.length > 2) {
      const whole = element("div", undefined, "whole");
      whole.append(...layers.map((layer) => picture(layer.url, layer, layer.model)));
      const swap = element("button", "Swap");
      swap.type = "button";
      swap.dataset.swap = "";
      tools.append(select("left", layers, 0), swap, select("right", layers, 1));
      box.append(whole);
    }
    const zoom = element("span", undefined, "zoom");
    for (const [way, text, label] of [["out", "−", "Zoom out"], ["in", "+", "Zoom in"], ["fit", "Fit", "Fit"]]) {
      const button = element("button", text);
      button.type = "button";
      button.dataset.zoom = way;
      button.setAttribute("aria-label", label);
      zoom.append(button);
      if (way === "out") zoom.append(element("output", "100 %"));
    }
    tools.append(zoom);
    for (const layer of layers.filter((l) => l !== item.original)) {
      const link = element("a", layers.length > 1 ? "PNG of " + layer.model : "PNG");
      link.href = layer.url;
      link.download = item.stem + "-" + layer.model + ".png";
      tools.append(link);
    }
    box.append(view, tools, caption(item));
    viewer(box);
    return box;
  }
  function handle() {
    const e = element("div", undefined, "handle");
    e.tabIndex = 0;
    for (const [name, value] of Object.entries({ role: "slider", "aria-valuemin": 0, "aria-valuemax": 100,
      "aria-valuenow": 50, "aria-orientation": "horizontal", "aria-label": "Boundary between the two pictures" })) {
      e.setAttribute(name, value);
    }
    return e;
  }
  function select(side, layers, chosen) {
    const label = element("label", side + " ");
    const list = element("select", undefined, side);
    list.append(...layers.map((layer, i) => new Option(layer.model, i, i === chosen, i === chosen)));
    label.append(list);
    return label;
  }
  function caption(item) {
    const box = element("div", undefined, "caption");
    const made = item.layers.filter((layer) => layer !== item.original);
    const first = made[0];
    box.append(element("p", [item.name, ...made.map((layer) => layer.model + " in " + seconds(layer.millis)),
      first.width + " × " + first.height, item.original ? item.original.note : "latents taken as " + first.latents,
      "seed " + first.seed, plural(Number(item.job.settings.steps), "step")].join(" · ")));
    for (const layer of made) {
      if (layer.warning) box.append(element("p", layer.model + ": " + layer.warning, "error"));
    }
    if (made.some((layer) => layer.model === PREVIEW)) {
      box.append(element("p", PREVIEW + " is a small network that comes with the program, not OpenAI's decoder; that is"
        + " served by serve --model consistency-decoder."));
    }
    return box;
  }

  // What a person does.

  $("file").addEventListener("change", () => {
    take($("file").files);
    $("file").value = "";
  });
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      $("drop").classList.toggle("over", name === "dragover");
      if (name === "drop") take(event.dataTransfer.files);
    });
  }
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
  let typed = 0;
  FIELDS.forEach((id) => $(id).addEventListener("input", () => {
    $("shown").classList.add("stale");
    clearTimeout(typed);
    if ($(id).tagName === "SELECT") changed();
    else typed = setTimeout(changed, 700);
  }));
  $("stop").addEventListener("click", () => {
    refused = [];
    stop();
    show(null);
    $("errors").replaceChildren();
    say("cancelled");
  });
  $("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    token = $("token").value.trim();
    const again = refused;
    refused = [];
    showModels().then(() => {
      if (again.length && !current) begin(again.map((job) => job.file));
    });
  });
  showModels();
})();
