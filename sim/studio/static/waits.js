// What the sensor still needs, for who has stopped a breath that it has not seen yet.
const BREATHES = ["breathing", "slow", "weak"];

export class Waits {
  constructor() {
    this.begin();
  }

  // A new room: nobody has been seen in it.
  begin() {
    this.seen = false;
  }

  // The text's key, or "" where there is nothing to explain.
  after(frame) {
    const inside = frame.people.filter(({ posture }) => posture !== "outside");
    const { sensor } = frame;
    if (!inside.length || !sensor) {
      this.seen = false;
      return "";
    }
    this.seen ||= BREATHES.includes(sensor.sees);
    const stopped = inside.some(({ breathing }) => breathing === "stopped");
    if (!stopped || !sensor.power || sensor.faulty || !["idle", "watching"].includes(sensor.does)) return "";
    if (sensor.sees === "off") return "live_waits_off";
    if (sensor.does === "idle") return "live_waits_nobody";
    if (sensor.tier === "presence") return "live_waits_presence";
    return this.seen ? "" : "live_waits_unseen";
  }
}
