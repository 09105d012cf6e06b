// Counts what was tried and prints it in the Test Anything Protocol.
import process from 'node:process';

export class Tap {
  #count = 0;
  #failed = [];

  get failed() {
    return this.#failed;
  }

  get count() {
    return this.#count;
  }

  /** Run one test; `onFailure` may look at what is left of it. Returns whether it passed. */
  async test(name, run, onFailure = () => Promise.resolve()) {
    const number = (this.#count += 1);
    const started = performance.now();
    try {
      await run();
      print(`ok ${number} - ${line(name)} # ${Math.round(performance.now() - started)} ms`);
      return true;
    } catch (error) {
      print(`not ok ${number} - ${line(name)}`);
      print(diagnosis(error));
      this.#failed.push(name);
      await onFailure(number);
      return false;
    }
  }

  /** Print the plan; returns the exit code. */
  end() {
    print(`1..${this.#count}`);
    const passed = this.#count - this.#failed.length;
    print(`# ${passed} of ${this.#count} passed`);
    for (const name of this.#failed) print(`# failed: ${line(name)}`);
    return this.#failed.length === 0 && this.#count > 0 ? 0 : 1;
  }
}

export const print = (text) => process.stdout.write(`${text}\n`);

const line = (name) => name.replace(/\s+/g, ' ').replaceAll('#', '\\#');

function diagnosis(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    '  ---',
    ...text
      .split('\n')
      .slice(0, 30)
      .map((each) => `  ${each}`),
    '  ...',
  ].join('\n');
}
