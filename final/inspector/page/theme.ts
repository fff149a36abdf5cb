import { byId } from './dom.ts';

const CHOICES = ['system', 'light', 'dark'] as const;
type Theme = (typeof CHOICES)[number];
const KEY = 'leveret.theme';

/** Lets one choose between light and dark. */
export function setUpTheme(onChange: () => void): void {
  const button = byId('theme', HTMLButtonElement);
  let theme = stored();
  const show = (): void => {
    button.textContent = `Theme: ${theme}`;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    onChange();
  };
  button.addEventListener('click', () => {
    theme = CHOICES[(CHOICES.indexOf(theme) + 1) % CHOICES.length] ?? 'system';
    localStorage.setItem(KEY, theme);
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
  show();
}

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return CHOICES.find((choice) => choice === value) ?? 'system';
}

/** The value of a colour of the style sheet, for canvases. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
