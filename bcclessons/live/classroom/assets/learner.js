// On each page of the site: who one is in the class, and a hand to raise.
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
  bar.append(name, said, hand, leave);

  /** @param {string} path @param {Record<string, string>} [values] */
  const post = (path, values = {}) =>
    fetch(path, { method: "POST", body: new URLSearchParams(values) });
  /** @param {{name: string, hand: boolean, place: number}} me */
  const show = (me) => {
    name.textContent = me.name;
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
