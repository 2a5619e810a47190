// Attaching files: from disk or from the camera, made smaller here already, so that an old computer need not carry 12 MB.
"use strict";

const MAX_SIDE = 1600;

async function smaller(file) {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const factor = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    if (factor === 1 && file.size < 1_000_000) return file;
    return await drawn(bitmap, bitmap.width * factor, bitmap.height * factor);
  } catch (problem) {
    return file; // the server opens it and says what is wrong with it
  }
}

function drawn(source, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width);
  canvas.height = Math.round(height);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("form[data-upload]").forEach((form) => {
    const input = form.querySelector("input[type=file]");
    const status = form.querySelector("[data-status]");
    const bar = form.querySelector("progress");

    const send = async (blob, name) => {
      const body = new FormData();
      body.append("requirement", form.dataset.upload);
      body.append("file", blob, name);
      const answer = await askUnlocked(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      const reply = await answer.json();
      if (!answer.ok) throw new Error(reply.problem);
    };

    const sendAll = async (files) => {
      bar.hidden = false;
      bar.max = files.length;
      bar.value = 0;
      status.classList.remove("bad");
      status.textContent = form.dataset.working;
      try {
        for (const [blob, name] of files) {
          await send(await smaller(blob), name);
          bar.value += 1;
        }
        window.location.reload();
      } catch (problem) {
        bar.hidden = true;
        status.classList.add("bad");
        status.textContent = problem.message || form.dataset.failed;
        input.value = "";
      }
    };

    form.querySelectorAll("[data-without-script]").forEach((part) => { part.hidden = true; });
    form.querySelectorAll("[data-with-script]").forEach((part) => { part.hidden = false; });
    input.addEventListener("change", () => sendAll(Array.from(input.files, (file) => [file, file.name])));
    form.querySelector("[data-camera]").addEventListener("click", () => takePhoto((blob) => sendAll([[blob, "foto.jpg"]])));
  });
});

async function takePhoto(use) {
  const dialog = document.getElementById("camera");
  const video = dialog.querySelector("video");
  const canvas = dialog.querySelector("canvas");
  const problem = dialog.querySelector("[data-problem]");
  const [snap, again, take, close] = ["snap", "again", "take", "close"].map((name) => dialog.querySelector(`[data-${name}]`));
  let stream = null;
  let photo = null;

  const showLive = (live) => {
    video.hidden = !live;
    canvas.hidden = live;
    snap.hidden = !live;
    again.hidden = live;
    take.hidden = live;
  };
  const stop = () => { if (stream) stream.getTracks().forEach((track) => track.stop()); dialog.close(); };

  problem.textContent = "";
  showLive(true);
  snap.disabled = true;
  dialog.showModal();
  close.onclick = stop;
  dialog.oncancel = stop;
  again.onclick = () => showLive(true);
  snap.onclick = async () => {
    const factor = Math.min(1, MAX_SIDE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * factor);
    canvas.height = Math.round(video.videoHeight * factor);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    photo = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
    showLive(false);
    take.focus();
  };
  take.onclick = () => { stop(); use(photo); };
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1920 }, facingMode: "environment" }, audio: false });
    video.srcObject = stream;
    await video.play();
    snap.disabled = false;
    snap.focus();
  } catch (failure) {
    problem.textContent = dialog.dataset.failed;
  }
}
