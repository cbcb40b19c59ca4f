/* Small things around the document. */

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

function isTyping(target) {
  return target.matches?.('input:not([type=checkbox]):not([type=radio]), textarea, select');
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element('textarea', {class: 'unseen'});
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}

/* Something that opens over the page and gives the focus back when it closes. */
class Popover {
  constructor(node) {
    this.node = node;
    this.back = null;
    node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        this.close();
      }
    });
    document.addEventListener('pointerdown', event => {
      if (!node.hidden && !node.contains(event.target) && !this.opener?.contains(event.target))
        this.close(false);
    });
  }

  get isOpen() {
    return !this.node.hidden;
  }

  open(opener) {
    this.back = document.activeElement;
    this.opener = opener;
    this.node.hidden = false;
    opener?.setAttribute('aria-expanded', 'true');
  }

  /* Below (x, y), moved so that all of it is on the page. */
  placeAt(x, y) {
    const {style, offsetWidth, offsetHeight} = this.node;
    style.left = Math.max(4, Math.min(x, innerWidth - offsetWidth - 4)) + 'px';
    style.top = Math.max(4, Math.min(y, innerHeight - offsetHeight - 4)) + 'px';
  }

  close(giveBack = true) {
    if (this.node.hidden)
      return;
    if (this.node.contains(document.activeElement)) /* else it keeps the keyboard until the next frame */
      document.activeElement.blur();
    this.node.hidden = true;
    this.opener?.setAttribute('aria-expanded', 'false');
    if (giveBack)
      this.back?.focus({preventScroll: true});
  }
}

/* A menu of [text, action, hint]; null is a line.  Arrow keys, Home, End and first letters. */
class Menu {
  constructor(node) {
    this.popover = new Popover(node);
    this.node = node;
    node.addEventListener('keydown', event => this.key(event));
  }

  open(title, items, x, y) {
    const parts = [element('p', {class: 'menu-title', role: 'presentation'}, title)];
    for (const item of items) {
      if (!item) {
        parts.push(element('hr', {role: 'separator'}));
        continue;
      }
      const [text, action, hint] = item;
      const button = element('button', {role: 'menuitem', tabindex: -1}, text);
      if (hint)
        button.append(element('kbd', {}, hint));
      button.addEventListener('click', () => {
        this.popover.close();
        action();
      });
      parts.push(button);
    }
    this.node.replaceChildren(...parts);
    this.popover.open(null);
    this.popover.placeAt(x, y);
    this.buttons()[0]?.focus();
  }

  buttons() {
    return [...this.node.querySelectorAll('button')];
  }

  key(event) {
    const buttons = this.buttons(), at = buttons.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1}[event.key];
    if (to !== undefined) {
      buttons.at(to % buttons.length).focus();
      event.preventDefault();
    } else if (event.key === 'Tab') {
      event.preventDefault();
      this.popover.close();
    } else if (event.key.length === 1 && /\S/.test(event.key)) {
      const letter = event.key.toLowerCase(), turn = buttons.slice(at + 1).concat(buttons.slice(0, at + 1));
      turn.find(button => button.textContent.toLowerCase().startsWith(letter))?.focus();
    }
    if (event.key !== 'Escape')
      event.stopPropagation();
  }
}
