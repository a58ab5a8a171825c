// What Page.Findings runs in the page. It touches no attribute and loads nothing, so a strict policy does not hinder it.
(() => {
  const found = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const seen = (el) => el.checkVisibility({opacityProperty: true, visibilityProperty: true}) &&
    el.getBoundingClientRect().width > 1 && el.getBoundingClientRect().height > 1;

  // where an element is: from the nearest id down
  const path = (el) => {
    if (el.id) return "#" + CSS.escape(el.id);
    const same = el.parentElement ? [...el.parentElement.children].filter((c) => c.localName === el.localName) : [el];
    const step = el.localName + (same.length > 1 ? `:nth-of-type(${same.indexOf(el) + 1})` : "");
    return el.parentElement && el !== document.body ? `${path(el.parentElement)} > ${step}` : step;
  };
  const report = (el, what) => found.push(`${path(el)}: ${what}`);

  const names = () => {
    if (!document.documentElement.lang) report(document.documentElement, "no lang");
    if (!document.title.trim()) report(document.documentElement, "no title");
    for (const el of all("input:not([type=hidden]), select, textarea, button, a[href], summary, [role=button]").filter(seen)) {
      const name = (el.computedName ?? "").trim();
      const given = el.labels?.length || el.ariaLabel || el.hasAttribute("aria-labelledby") || el.title;
      if (!name) report(el, "no accessible name");
      else if (name === el.placeholder && !given) report(el, "named by its placeholder alone");
    }
    for (const el of all("img:not([alt]), input[type=image]:not([alt])")) report(el, "no alt");
    const ids = all("[id]").map((el) => el.id);
    for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) found.push(`#${CSS.escape(id)}: id given more than once`);
  };

  const headings = () => {
    let before = 0;
    for (const el of all("h1, h2, h3, h4, h5, h6").filter(seen)) {
      const level = Number(el.localName[1]);
      if (level > before + 1) report(el, `${el.localName} after ${before ? "h" + before : "no heading"}`);
      before = level;
    }
  };

  // a colour as any CSS writes it, painted and read back: red, green, blue of 0 to 255, alpha of 0 to 1
  const brush = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d", {willReadFrequently: true});
  const colour = (css) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = css;
    brush.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, ground, fade = 1) => [0, 1, 2].map((i) => top[i] * top[3] * fade + ground[i] * (1 - top[3] * fade));

  // the ground where nobody painted: the browser's own, which color-scheme decides
  const canvas = (() => {
    const probe = document.createElement("span");
    probe.style.backgroundColor = "Canvas";
    document.documentElement.append(probe);
    const c = colour(getComputedStyle(probe).backgroundColor);
    probe.remove();
    return c.slice(0, 3);
  })();
  const fade = (el) => el ? getComputedStyle(el).opacity * fade(el.parentElement) : 1;
  const ground = (el) => {
    if (!el) return canvas;
    const style = getComputedStyle(el), own = colour(style.backgroundColor);
    if (style.backgroundImage !== "none") return null;
    if (own[3] === 1 && fade(el) === 1) return own.slice(0, 3);
    const below = ground(el.parentElement);
    return below && over(own, below, fade(el));
  };

  // WCAG 2.1: "relative luminance", "contrast ratio", success criterion 1.4.3, "large scale"
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const px = (points) => points * 4 / 3;
  const large = (style) => parseFloat(style.fontSize) >= px(style.fontWeight >= 700 ? 14 : 18);
  const judge = (el, style, what) => {
    const below = ground(el);
    if (!below) return report(el, `${what} on a picture: contrast is not known`);
    const got = ratio(over(colour(style.color), below, fade(el)), below), wanted = large(style) ? 3 : 4.5;
    if (got < wanted) report(el, `${what} has contrast ${got.toFixed(2)}, wants ${wanted}`);
  };
  const contrast = () => {
    const written = (el) => [...el.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
    for (const el of all("body, body *").filter(seen)) {
      if (el.closest("[disabled], [aria-disabled=true], script, style, noscript, option, fieldset:disabled")) continue;
      if (written(el) || el.matches("select") || el.value && el.matches("input, textarea")) judge(el, getComputedStyle(el), "text");
      else if (el.placeholder) judge(el, getComputedStyle(el, "::placeholder"), "placeholder");
    }
  };

  // a focus shows if anything of the look changes with it
  const look = (el) => {
    const s = getComputedStyle(el);
    const outline = s.outlineStyle === "none" || parseFloat(s.outlineWidth) === 0 ? "" : s.outline;
    return [outline, s.boxShadow, s.borderColor, s.borderWidth, s.backgroundColor, s.color, s.textDecoration].join();
  };
  const focus = () => {
    for (const el of all("input:not([type=hidden]), select, textarea, button, a[href], summary, [tabindex]").filter(seen)) {
      if (el.matches(":disabled, [tabindex='-1']")) continue;
      document.activeElement.blur();
      const before = look(el);
      el.focus({preventScroll: true});
      el.getAnimations().forEach((a) => a.finish());
      if (document.activeElement !== el) report(el, "takes no focus");
      else if (look(el) === before) report(el, "focus does not show");
    }
    document.activeElement.blur();
  };

  const width = () => {
    const {scrollWidth, clientWidth} = document.documentElement;
    if (scrollWidth > clientWidth) report(document.documentElement, `${scrollWidth} px wide in a window of ${clientWidth}`);
  };

  names();
  headings();
  contrast();
  focus();
  width();
  return found;
})()
