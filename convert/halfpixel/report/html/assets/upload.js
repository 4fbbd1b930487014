"use strict";
// Dropped files go to the input, settings to the address: the form is sent as a form.
(() => {
  const form = document.getElementById("upload");
  if (form === null) return;
  const files = document.getElementById("files");
  const folder = document.getElementById("folder");
  const status = document.getElementById("status");
  const send = document.getElementById("send");

  const chosen = () => {
    const names = [...files.files, ...folder.files].map((file) => file.webkitRelativePath || file.name);
    const shown = names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
    status.textContent = names.length ? `Chosen: ${shown}` : "";
    files.setCustomValidity("");
  };
  files.addEventListener("change", chosen);
  folder.addEventListener("change", chosen);

  const over = (event) => {
    event.preventDefault();
    form.classList.toggle("over", event.type === "dragover");
  };
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", over);
  document.addEventListener("drop", (event) => {
    over(event);
    if (event.dataTransfer.files.length) {
      files.files = event.dataTransfer.files;
      files.focus();
      chosen();
    }
  });

  form.addEventListener("submit", (event) => {
    if (files.files.length + folder.files.length === 0) {
      event.preventDefault();
      status.textContent = "Choose a model first.";
      files.focus();
      return;
    }
    const query = new URLSearchParams({ format: "html" });
    for (const field of form.querySelectorAll("[data-parameter]")) {
      const said = field.value.trim();
      const values = "many" in field.dataset ? said.split(/\s+/) : [said];
      for (const value of values) if (value) query.append(field.dataset.parameter, value);
    }
    form.action = `/check?${query}`;
    status.textContent = "Checking";
    send.disabled = true;
  });
  window.addEventListener("pageshow", () => {  // a page that is come back to
    send.disabled = false;
    chosen();
  });
})();
