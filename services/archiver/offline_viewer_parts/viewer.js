/* Shows the pictures of a package from file://: a classic script, plain <img>, nothing fetched, nothing decoded.
   What the objects say (window.PACKAGE, STUDY.JS) is set as text, never as markup. */
"use strict";
(function () {
  var WORDS = {
    en: {
      other: "Español", skip: "Skip to the images", made: "Images packed on", list: "Series", viewer: "Image viewer", tools: "Image tools",
      images: function (n) { return n === 1 ? "1 image" : n + " images"; },
      at: function (n, of) { return "Image " + n + " of " + of; },
      series: function (n) { return "Series " + n; }, unnamed: "Images", study: "Exam", report: "Report (PDF)", accession: "Accession",
      previous: "Previous image", next: "Next image", slice: "Image", zoomIn: "Zoom in", zoomOut: "Zoom out", fit: "Fit", invert: "Invert", reset: "Reset",
      brightness: "Brightness", contrast: "Contrast", notForDiagnosis: "Not for diagnosis.",
      keys: "Scroll, swipe or use the arrow keys to move through the images. Plus and minus zoom, 0 fits, Shift with arrows moves the picture, I inverts, R resets.",
      noPicture: "There is no picture of this image here. Its DICOM file is in the package; another DICOM viewer may open it: ",
      broken: "This picture did not load. If you are looking inside a .zip file, choose Extract All first.",
      nothing: "This package has no pictures to show here.",
      object: "Object", files: function (n) { return n + " files"; },
      othersTitle: "Not shown here", othersText: "These objects are in the package, but this page cannot show them. Another DICOM viewer may open them:",
      privacy: "This package holds Protected Health Information (PHI). Share it only with people you trust."
    },
    es: {
      other: "English", skip: "Ir a las imágenes", made: "Imágenes empaquetadas el", list: "Series", viewer: "Visor de imágenes", tools: "Herramientas de imagen",
      images: function (n) { return n === 1 ? "1 imagen" : n + " imágenes"; },
      at: function (n, of) { return "Imagen " + n + " de " + of; },
      series: function (n) { return "Serie " + n; }, unnamed: "Imágenes", study: "Examen", report: "Informe (PDF)", accession: "Número de acceso",
      previous: "Imagen anterior", next: "Imagen siguiente", slice: "Imagen", zoomIn: "Acercar", zoomOut: "Alejar", fit: "Ajustar", invert: "Invertir", reset: "Restablecer",
      brightness: "Brillo", contrast: "Contraste", notForDiagnosis: "No apto para diagnóstico.",
      keys: "Desplácese, deslice o use las flechas para recorrer las imágenes. Más y menos acercan y alejan, 0 ajusta, Mayús con flechas mueve la imagen, I invierte, R restablece.",
      noPicture: "Aquí no hay una vista de esta imagen. Su archivo DICOM está en el paquete; otro visor DICOM quizá pueda abrirlo: ",
      broken: "Esta imagen no se cargó. Si está mirando dentro de un archivo .zip, primero elija Extraer todo.",
      nothing: "Este paquete no tiene imágenes que mostrar aquí.",
      object: "Objeto", files: function (n) { return n + " archivos"; },
      othersTitle: "No se muestra aquí", othersText: "Estos objetos están en el paquete, pero esta página no puede mostrarlos. Otro visor DICOM quizá pueda abrirlos:",
      privacy: "Este paquete contiene información médica protegida (PHI). Compártalo solo con personas de confianza."
    }
  };
  var pack = window.PACKAGE;
  if (!pack) { return; } // inside an unextracted zip: the page keeps saying so

  function byId(id) { return document.getElementById(id); }
  function make(tag, text, className) {
    var element = document.createElement(tag);
    if (text) { element.textContent = text; }
    if (className) { element.className = className; }
    return element;
  }

  var wanted = (navigator.languages || []).map(function (tag) { return tag.slice(0, 2); }).find(function (code) { return WORDS[code]; });
  var words = WORDS[wanted] || WORDS.en; // of the browser: one package may be several people's
  var shown = [];       // every series that has pictures: {series, study, button}
  var others = [];      // objects that cannot be shown: {kind, count, file}
  var current = 0, at = 0;
  var Viewing = window.Viewing, view = Viewing.plain(); // what both viewers share comes first in this file
  var picture = byId("picture"), pane = byId("pane"), slice = byId("slice");

  /* ---------- the list of series and reports ---------- */
  function day(date) {
    var is = /^(\d{4})(\d\d)(\d\d)$/.exec(date), when = is && new Date(Date.UTC(is[1], is[2] - 1, is[3]));
    if (!is || when.getUTCMonth() !== is[2] - 1) { return date; }
    return when.toLocaleDateString(document.documentElement.lang, { dateStyle: "long", timeZone: "UTC" });
  }
  function drawList() {
    var list = byId("list");
    list.textContent = "";
    shown = []; others = [];
    pack.patients.forEach(function (patient) {
      if (patient.name) { list.append(make("h2", patient.name)); }
      patient.studies.forEach(function (study) { drawStudy(list, study); });
    });
    pack.reports.forEach(function (report) {
      var link = make("a", words.report + (report.title ? ": " + report.title : ""), "report");
      link.href = report.path;
      list.append(link);
    });
  }
  function drawStudy(list, study) {
    var items = make("ul");
    list.append(make("h3", [study.title || words.study, day(study.date)].filter(Boolean).join(", ")), items);
    study.series.forEach(function (series) {
      var index = shown.length, button = make("button", "", "one"), item = make("li");
      var first = series.pictures.find(function (one) { return typeof one === "string"; });
      var thumb = make(first ? "img" : "i");
      if (first) { thumb.src = pack.folder + first; thumb.alt = ""; thumb.loading = "lazy"; }
      button.type = "button";
      button.append(thumb, make("b", titleOf(series)), make("small", [series.modality, words.images(series.pictures.length)].filter(Boolean).join(", ")));
      button.addEventListener("click", function () { openSeries(index, 0); byId("viewer").scrollIntoView({ block: "nearest" }); });
      item.append(button);
      items.append(item);
      shown.push({ series: series, study: study, button: button });
    });
    others = others.concat(study.others);
  }
  function titleOf(series) { return series.title || (series.number === null ? words.unnamed : words.series(series.number)); }
  function drawOthers() {
    var list = byId("others-list");
    list.textContent = "";
    others.forEach(function (one) { list.append(make("li", (one.kind || words.object) + ": " + one.file + (one.count > 1 ? " (" + words.files(one.count) + ")" : ""))); });
    byId("others").hidden = !others.length;
  }

  /* ---------- one picture ---------- */
  function openSeries(index, image) {
    current = index;
    shown.forEach(function (one, i) { if (i === index) { one.button.setAttribute("aria-current", "true"); } else { one.button.removeAttribute("aria-current"); } });
    var one = shown[index];
    byId("title").textContent = titleOf(one.series);
    byId("subtitle").textContent = [one.study.title, day(one.study.date), one.study.accession && words.accession + " " + one.study.accession].filter(Boolean).join(" · ");
    slice.max = one.series.pictures.length;
    reset();
    show(image);
  }
  function show(index) {
    var pictures = shown[current].series.pictures;
    at = Math.max(0, Math.min(index, pictures.length - 1));
    var path = pictures[at], label = words.at(at + 1, pictures.length);
    if (typeof path === "string") { picture.src = pack.folder + path; say(""); } else { picture.removeAttribute("src"); say(words.noPicture + path.file); }
    slice.value = at + 1;
    slice.setAttribute("aria-valuetext", label);
    byId("count").textContent = label;
    byId("tag").textContent = titleOf(shown[current].series);
    pane.setAttribute("aria-label", titleOf(shown[current].series) + ", " + label);
    [at + 1, at + 2, at - 1].forEach(function (near) { if (typeof pictures[near] === "string") { new Image().src = pack.folder + pictures[near]; } });
  }
  function say(text) {
    byId("none").textContent = text;
    byId("none").hidden = !text;
    picture.hidden = Boolean(text);
  }
  picture.addEventListener("error", function () { if (picture.getAttribute("src")) { say(words.broken); } });

  /* ---------- how it is seen ---------- */
  function draw() {
    Viewing.keepIn(view, pane, 0);
    Viewing.draw(picture, view);
    pane.classList.toggle("zoomed", view.zoom > 1);
    byId("invert").setAttribute("aria-pressed", String(view.invert));
    byId("brightness").value = view.brightness;
    byId("contrast").value = view.contrast;
  }
  function zoom(factor) { Viewing.zoom(view, factor); draw(); }
  function fit() { view.zoom = 1; view.x = view.y = 0; draw(); }
  function reset() { view = Viewing.plain(); draw(); }
  function invert() { view.invert = !view.invert; draw(); }
  function move(x, y) { view.x += x; view.y += y; draw(); }

  byId("previous").addEventListener("click", function () { show(at - 1); });
  byId("next").addEventListener("click", function () { show(at + 1); });
  byId("zoom-in").addEventListener("click", function () { zoom(Viewing.IN); });
  byId("zoom-out").addEventListener("click", function () { zoom(1 / Viewing.IN); });
  byId("fit").addEventListener("click", fit);
  byId("invert").addEventListener("click", invert);
  byId("reset").addEventListener("click", reset);
  slice.addEventListener("input", function () { show(Number(slice.value) - 1); });
  ["brightness", "contrast"].forEach(function (name) {
    byId(name).addEventListener("input", function (event) { view[name] = Number(event.target.value); draw(); });
  });
  window.addEventListener("resize", draw);

  /* ---------- keys (on the picture alone), wheel, touch ---------- */
  var ACTS = { in: function () { zoom(Viewing.IN); }, out: function () { zoom(1 / Viewing.IN); }, fit: fit, invert: invert, reset: reset };
  pane.addEventListener("keydown", function (event) {
    var key = Viewing.keyOf(event);
    if (!key || (key.act && !ACTS[key.act])) { return; }
    event.preventDefault();
    if (key.act) { ACTS[key.act](); } else if (event.shiftKey && key.x !== undefined) { move(key.x, key.y); } else { show(at + key.by); }
  });
  var travelled = 0;
  Viewing.hands(pane, {
    turn: function (images) { show(at + images); },
    zoom: zoom,
    start: function () { travelled = 0; },
    drag: function (x, y) {
      if (view.zoom > 1) { move(x, y); return; }
      travelled += y;
      var images = Math.trunc(travelled / 14);
      if (images) { travelled -= images * 14; show(at + images); }
    }
  });

  /* ---------- language, beginning ---------- */
  function speak(language) {
    words = WORDS[language];
    document.documentElement.lang = language;
    document.title = words.unnamed;
    document.querySelectorAll("[data-word]").forEach(function (element) { element.textContent = words[element.dataset.word]; });
    byId("language").textContent = words.other;
    byId("language").lang = language === "en" ? "es" : "en";
    [["list", "list"], ["viewer", "viewer"], ["tools", "tools"], ["previous", "previous"], ["next", "next"], ["slice", "slice"]].forEach(function (pair) { byId(pair[0]).setAttribute("aria-label", words[pair[1]]); });
    drawList();
    drawOthers();
    if (shown.length) { openSeries(current, at); } else { byId("viewer").hidden = true; byId("title").textContent = words.nothing; }
  }
  byId("language").addEventListener("click", function () { speak(words === WORDS.en ? "es" : "en"); });
  byId("unextracted").hidden = true;
  byId("app").hidden = false;
  speak(words === WORDS.es ? "es" : "en");
}());
