(function () {
  "use strict";
  var root = document.documentElement;
  var themes = { "": "wie das Gerät", light: "hell", dark: "dunkel" };

  function kept() {
    try { return localStorage.getItem("evaltools-darstellung") || ""; } catch (error) { return ""; }
  }

  function show(name) {
    if (name in themes && name !== "") { root.dataset.theme = name; } else { delete root.dataset.theme; }
    try { localStorage.setItem("evaltools-darstellung", name); } catch (error) { return; }
  }

  function theming() {
    var place = document.querySelector(".switch");
    if (!place) { return; }
    var names = Object.keys(themes);
    var button = document.createElement("button");
    function label() { button.textContent = "Darstellung: " + themes[root.dataset.theme || ""]; }
    button.type = "button";
    button.addEventListener("click", function () {
      show(names[(names.indexOf(root.dataset.theme || "") + 1) % names.length]);
      label();
    });
    label();
    place.append(button);
  }

  function contents() {
    var wide = matchMedia("(min-width: 82rem)");
    var list = document.querySelector(".toc details");
    if (!list) { return; }
    function fit() { list.open = wide.matches; }
    wide.addEventListener("change", fit);
    fit();
  }

  function order(cell) {
    var text = cell.textContent.trim().replace(/\u00a0/g, " ");
    var day = /^([0-9]{2})\.([0-9]{2})\.([0-9]{4})$/.exec(text);
    if (day) { return Number(day[3] + day[2] + day[1]); }
    if (text === "\u2013") { return 0; }
    var found = /^[+\u2212-]?[0-9][0-9.]*(,[0-9]+)?(?![0-9A-Za-z])/.exec(text);
    return found ? Number(found[0].replace(/\./g, "").replace(",", ".").replace("\u2212", "-")) : text;
  }

  function compare(one, other) {
    var kinds = (typeof one === "string") - (typeof other === "string");
    return kinds || (typeof one === "string" ? one.localeCompare(other, "de") : one - other);
  }

  function sorting(table) {
    var body = table.tBodies[0];
    var rows = body ? Array.from(body.rows) : [];
    if (4 > rows.length || !table.tHead) { return; }
    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.title = "Sortieren";
      button.append.apply(button, Array.from(head.childNodes));
      head.append(button);
      button.addEventListener("click", function () {
        var next = { ascending: "descending", descending: "" }[head.getAttribute("aria-sort")];
        var way = next === undefined ? "ascending" : next;
        var sign = way === "descending" ? -1 : 1;
        Array.from(table.tHead.rows[0].cells).forEach(function (cell) { cell.removeAttribute("aria-sort"); });
        if (way) { head.setAttribute("aria-sort", way); }
        var sorted = way ? rows.slice().sort(function (one, other) {
          return sign * compare(order(one.cells[column]), order(other.cells[column]));
        }) : rows;
        body.append.apply(body, sorted);
      });
    });
  }

  function searching() {
    var list = document.querySelector(".sections");
    if (!list) { return; }
    var label = document.createElement("label");
    var field = document.createElement("input");
    var said = document.createElement("p");
    var items = Array.from(list.querySelectorAll("li"));
    said.setAttribute("role", "status");
    said.className = "note";
    field.type = "search";
    label.append("Abschnitte suchen ", field);
    list.before(label, said);
    field.addEventListener("input", function () {
      list.open = true;
      var words = field.value.toLowerCase().split(/\s+/);
      var found = items.filter(function (item) {
        var text = item.textContent.toLowerCase();
        item.hidden = !words.every(function (word) { return text.includes(word); });
        return !item.hidden;
      });
      said.textContent = found.length + (found.length === 1 ? " Abschnitt" : " Abschnitte");
    });
  }

  show(kept());
  document.addEventListener("DOMContentLoaded", function () {
    theming();
    contents();
    document.querySelectorAll("main table").forEach(sorting);
    searching();
  });
})();
