/** Shows pictures of an element: zoom, and a slider over two of them. The report and the service's page share it. */
const viewer = (() => {
  "use strict";
  const MOST = 32;
  const within = (value, least, most) => Math.min(Math.max(value, least), most);

  /** The pictures of one input: they share zoom and position, kept as parts of a stage's size. */
  function input(article) {
    let zoom = 1;
    let x = 0;
    let y = 0;
    const output = article.querySelector(".zoom output");
    const picture = article.querySelector(".whole img, .stage img");
    if (picture) {
      const ratio = picture.getAttribute("width") / picture.getAttribute("height");
      article.style.setProperty("--ratio", ratio);
    }

    function show(settling) {
      x = within(x, 1 - zoom, 0);
      y = within(y, 1 - zoom, 0);
      article.style.setProperty("--z", zoom);
      article.style.setProperty("--x", 100 * x);
      article.style.setProperty("--y", 100 * y);
      article.classList.toggle("zoomed", zoom > 1);
      article.classList.toggle("close", zoom >= 3);
      article.classList.toggle("settling", Boolean(settling));
      if (output) {
        output.textContent = Math.round(100 * zoom) + " %";
      }
    }

    function zoomTo(wanted, atX = 0.5, atY = 0.5, settling = true) {
      const next = within(wanted, 1, MOST);
      x = atX - ((atX - x) / zoom) * next;
      y = atY - ((atY - y) / zoom) * next;
      zoom = next;
      show(settling);
    }

    function move(dx, dy, settling) {
      x += dx;
      y += dy;
      show(settling);
    }

    function look(part) {
      zoom = within(Math.min(1 / part.width, 1 / part.height), 1, MOST);
      x = 0.5 - (part.x + part.width / 2) * zoom;
      y = 0.5 - (part.y + part.height / 2) * zoom;
      show(true);
    }

    const view = { zoomTo, move, zoom: () => zoom };
    const slide = slider(article);
    article.querySelectorAll(".stage").forEach((element) => {
      stage(element, view, element.closest(".slider") ? slide : null);
    });
    const steps = { in: () => zoomTo(zoom * 1.5), out: () => zoomTo(zoom / 1.5), fit: () => zoomTo(1) };
    article.querySelectorAll("[data-zoom]").forEach((button) => {
      button.addEventListener("click", steps[button.dataset.zoom]);
    });
    article.querySelectorAll("[data-look]").forEach((button) => {
      button.addEventListener("click", () => {
        const [px, py, width, height] = button.dataset.look.split(" ").map(Number);
        look({ x: px, y: py, width, height });
        article.querySelector(".viewer").scrollIntoView({ block: "nearest" });
      });
    });
    show(false);
  }

  /** Mouse, touch and keys on one picture. A drag moves a zoomed picture, else the boundary. */
  function stage(element, view, slide) {
    const fingers = new Map();
    let spread = 0;

    const at = (clientX, clientY) => {
      const box = element.getBoundingClientRect();
      return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
    };

    const pinch = () => {
      const [a, b] = [...fingers.values()];
      return {
        size: Math.hypot(a.x - b.x, a.y - b.y),
        middle: at((a.x + b.x) / 2, (a.y + b.y) / 2),
      };
    };

    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) {
        return;
      }
      element.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.size === 2) {
        spread = pinch().size;
      } else if (slide && view.zoom() === 1) {
        slide(100 * at(event.clientX, event.clientY)[0]);
      }
    });
    element.addEventListener("pointermove", (event) => {
      const finger = fingers.get(event.pointerId);
      if (!finger) {
        return;
      }
      const box = element.getBoundingClientRect();
      const dx = (event.clientX - finger.x) / box.width;
      const dy = (event.clientY - finger.y) / box.height;
      finger.x = event.clientX;
      finger.y = event.clientY;
      if (fingers.size === 2) {
        const now = pinch();
        if (spread > 0) {
          view.zoomTo((view.zoom() * now.size) / spread, now.middle[0], now.middle[1], false);
        }
        spread = now.size;
      } else if (view.zoom() > 1) {
        view.move(dx, dy, false);
      } else if (slide) {
        slide(100 * at(event.clientX, event.clientY)[0]);
      }
    });
    const release = (event) => {
      fingers.delete(event.pointerId);
      spread = 0;
    };
    element.addEventListener("pointerup", release);
    element.addEventListener("pointercancel", release);
    element.addEventListener("dblclick", (event) => {
      const [px, py] = at(event.clientX, event.clientY);
      view.zoomTo(view.zoom() > 1 ? 1 : 4, px, py);
    });
    element.addEventListener(
      "wheel",
      (event) => {
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          const [px, py] = at(event.clientX, event.clientY);
          view.zoomTo(view.zoom() * Math.exp(-event.deltaY / 200), px, py, false);
        }
      },
      { passive: false },
    );
    element.addEventListener("keydown", (event) => {
      const step = 0.1;
      const keys = {
        "+": () => view.zoomTo(view.zoom() * 1.5),
        "=": () => view.zoomTo(view.zoom() * 1.5),
        "-": () => view.zoomTo(view.zoom() / 1.5),
        "0": () => view.zoomTo(1),
        ArrowLeft: () => view.move(step, 0, true),
        ArrowRight: () => view.move(-step, 0, true),
        ArrowUp: () => view.move(0, step, true),
        ArrowDown: () => view.move(0, -step, true),
      };
      const arrow = event.key.startsWith("Arrow");
      const free = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (keys[event.key] && free && (!arrow || view.zoom() > 1)) {
        event.preventDefault();
        keys[event.key]();
      }
    });
  }

  /**
   * The boundary between two pictures: those that two selects choose among the whole ones, or where
   * there are no selects those that are there. Returns what moves it; null where there is none.
   */
  function slider(article) {
    const handle = article.querySelector(".handle");
    if (!handle) {
      return null;
    }
    const box = article.querySelector(".slider");
    const sides = ["left", "right"].map((side) => ({
      select: article.querySelector(`select.${side}`),
      image: article.querySelector(side === "left" ? ".under" : ".over img"),
      tag: article.querySelector(`.tag.${side}`),
    }));
    const sources = article.querySelectorAll(".whole img");
    let cut = 50;

    function describe() {
      const [left, right] = sides.map((side) => side.tag.textContent);
      handle.setAttribute("aria-valuenow", String(Math.round(cut)));
      handle.setAttribute("aria-valuetext", `${Math.round(cut)} % ${left}, then ${right}`);
    }

    function move(to) {
      cut = within(to, 0, 100);
      article.style.setProperty("--cut", cut);
      describe();
    }

    function choose() {
      sides.forEach((side) => {
        const source = sources[Number(side.select.value)];
        side.image.src = source.src;
        side.image.alt = source.alt;
        side.tag.textContent = side.select.selectedOptions[0].textContent;
      });
      describe();
    }

    const chosen = Boolean(sides[0].select);
    if (chosen) {
      sides.forEach((side) => side.select.addEventListener("change", choose));
      article.querySelector("[data-swap]").addEventListener("click", () => {
        const [left, right] = sides.map((side) => side.select);
        [left.value, right.value] = [right.value, left.value];
        choose();
      });
    }
    handle.addEventListener("pointerdown", (event) => {
      if (event.button === 0) {
        handle.setPointerCapture(event.pointerId);
        event.stopPropagation();
      }
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) {
        const area = box.getBoundingClientRect();
        move((100 * (event.clientX - area.left)) / area.width);
      }
    });
    handle.addEventListener("keydown", (event) => {
      const small = event.shiftKey ? 10 : 1;
      const places = {
        ArrowLeft: cut - small,
        ArrowDown: cut - small,
        ArrowRight: cut + small,
        ArrowUp: cut + small,
        PageDown: cut - 10,
        PageUp: cut + 10,
        Home: 0,
        End: 100,
      };
      if (event.key in places && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        move(places[event.key]);
      }
    });

    if (chosen) {
      choose();
    }
    move(cut);
    return move;
  }

  return input;
})();
