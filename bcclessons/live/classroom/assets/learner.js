// On each page of the site: who one is in the class, and a hand to raise. An instructor who has
// not joined has no VM: the page then shows nothing that would need one.
(() => {
  const isJa = document.documentElement.lang.startsWith("ja");
  /** @param {string} ja @param {string} en */
  const t = (ja, en) => (isJa ? ja : en);
  const bar = document.createElement("aside");
  bar.className = "class-bar";
  bar.setAttribute("aria-label", t("クラス", "Class"));
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = "/class/assets/learner.css";
  const name = document.createElement("span");
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  const hand = document.createElement("button");
  hand.type = "button";
  const leave = document.createElement("button");
  leave.type = "button";
  leave.textContent = t("退出", "Leave");
  const board = document.createElement("a");
  board.href = `/class/board?lang=${isJa ? "ja" : "en"}`;
  board.textContent = t("クラスの様子", "Class board");
  const join = document.createElement("a");
  join.href = `/class/join?next=${encodeURIComponent(location.pathname)}`;
  join.textContent = t("入って実行する", "Join to run it");
  bar.append(name, said, hand, leave, join, board);

  /** @param {string} path @param {Record<string, string>} [values] */
  const post = (path, values = {}) =>
    fetch(path, { method: "POST", body: new URLSearchParams(values) });
  /** @param {{name: string, hand: boolean, place: number, instructor: boolean}} me */
  const show = (me) => {
    const reads = !me.name;
    name.textContent = me.name || t("講師（読むだけ）", "Instructor, reading only");
    document.documentElement.classList.toggle("class-reader", reads);
    hand.hidden = reads;
    leave.hidden = reads;
    join.hidden = !reads;
    board.hidden = !me.instructor;
    const place = t(`順番待ち: ${me.place} 番目`, `waiting: number ${me.place}`);
    said.textContent = me.place ? place : "";
    hand.setAttribute("aria-pressed", String(me.hand));
    hand.textContent = me.hand ? t("手を下ろす", "Lower hand") : t("手を挙げる", "Raise hand");
    hand.title = t(
      "挙げている間，講師は端末とエディタを見られる（書けない）",
      "While it is raised, the instructor sees your terminals and editor, and cannot type",
    );
    if (!bar.isConnected) document.body.append(style, bar);
  };
  const lesson = document.querySelector(".lesson")?.getAttribute("data-lesson") ?? "";
  const ask = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch(`/class/me?lesson=${lesson}`);
      if (response.ok) show(await response.json());
      // Logged out, here or by the instructor: the form to join is shown.
      else if (response.status === 403 && name.textContent) location.reload();
      else bar.remove();
    } catch {
      bar.remove();
    }
  };
  hand.addEventListener("click", async () => {
    const raised = hand.getAttribute("aria-pressed") !== "true";
    await post("/class/hand", { raised: raised ? "1" : "" }).catch(() => {});
    ask();
  });
  leave.addEventListener("click", async () => {
    await post("/class/leave").catch(() => {});
    location.reload();
  });
  ask();
  setInterval(ask, 5000);
  document.addEventListener("visibilitychange", ask);
  addEventListener("forbidden", ask);
})();
