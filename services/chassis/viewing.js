/* What the portal's viewer and the one inside packages share: keys, zoom, how a picture is drawn, hands. A classic
   script that sets window.Viewing: packages are opened from file://, where no module loads. It knows no words, no addresses. */
"use strict";
window.Viewing = (function () {
var KEYS = {
  ArrowUp: { by: -1, x: 0, y: 40 }, ArrowLeft: { by: -1, x: 40, y: 0 }, ArrowDown: { by: 1, x: 0, y: -40 }, ArrowRight: { by: 1, x: -40, y: 0 },
  PageUp: { by: -10 }, PageDown: { by: 10 }, Home: { by: -Infinity }, End: { by: Infinity }, "+": { act: "in" }, "=": { act: "in" }, "-": { act: "out" },
  0: { act: "fit" }, m: { act: "move" }, i: { act: "invert" }, r: { act: "reset" }, " ": { act: "play" }, "?": { act: "keys" }
};
/* What a key asks for: {by} images, an arrow also {x, y} pixels of moving the picture; {act}; undefined for no key of ours. */
function keyOf(event) { return event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key]; }
function clamp(value, least, most) { return Math.max(least, Math.min(most, value)); }

/* How pictures are seen; brightness and contrast in percent. */
function plain() { return { zoom: 1, x: 0, y: 0, invert: false, brightness: 100, contrast: 100 }; }
function zoom(view, factor) { view.zoom = clamp(view.zoom * factor, 1, 12); }
/* Keep the picture in its pane; slack is the share of the pane that it may leave even so. */
function keepIn(view, pane, slack) {
  var most = (view.zoom - 1) / 2 + slack, x = most * pane.clientWidth, y = most * pane.clientHeight;
  view.x = clamp(view.x, -x, x);
  view.y = clamp(view.y, -y, y);
}
function draw(picture, view) {
  picture.style.transform = "translate(" + view.x + "px, " + view.y + "px) scale(" + view.zoom + ")";
  picture.style.filter = "brightness(" + view.brightness + "%) contrast(" + view.contrast + "%)" + (view.invert ? " invert(1)" : "");
}

/* Wheel, pinch and drag tell turn(images), zoom(factor), start(), drag(x, y, isTouch); where may(direction) says no, the page scrolls. */
function hands(pane, told) {
  var turned = 0, fingers = new Map();
  function spread() { var two = Array.from(fingers.values()); return Math.hypot(two[0].x - two[1].x, two[0].y - two[1].y); }
  pane.addEventListener("wheel", function (event) {
    if (!event.ctrlKey && told.may && !told.may(Math.sign(event.deltaY))) { turned = 0; return; }
    event.preventDefault();
    if (event.ctrlKey) { told.zoom(event.deltaY < 0 ? 1.1 : 0.91); return; }
    turned += event.deltaMode === 1 ? event.deltaY * 33 : event.deltaY;
    var images = Math.trunc(turned / 60);
    if (images) { turned -= images * 60; told.turn(images); }
  }, { passive: false });
  pane.addEventListener("pointerdown", function (event) {
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    pane.setPointerCapture(event.pointerId);
    told.start();
  });
  pane.addEventListener("pointermove", function (event) {
    var last = fingers.get(event.pointerId);
    if (!last) { return; }
    var before = fingers.size === 2 ? spread() : 0, x = event.clientX - last.x, y = event.clientY - last.y;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (before) { told.zoom(spread() / before); } else if (fingers.size === 1) { told.drag(x, y, event.pointerType === "touch"); }
  });
  ["pointerup", "pointercancel"].forEach(function (name) { pane.addEventListener(name, function (event) { fingers.delete(event.pointerId); }); });
}
return { IN: 1.25, keyOf: keyOf, clamp: clamp, plain: plain, zoom: zoom, keepIn: keepIn, draw: draw, hands: hands };
}());
