import { byId, setText } from './dom.ts';

const KEY = 'leveret.token';

/** The token, for as long as this tab is open. */
export function currentToken(): string {
  return sessionStorage.getItem(KEY) ?? '';
}

/** Forgets the token and begins again. */
export function setUpSignOut(): void {
  const button = byId('sign-out', HTMLButtonElement);
  button.hidden = currentToken() === '';
  button.addEventListener('click', () => {
    sessionStorage.removeItem(KEY);
    location.reload();
  });
}

/** Asks for a token. Resolves when there is one to try. */
export function askForToken(problem: string): Promise<void> {
  const dialog = byId('login', HTMLDialogElement);
  const form = byId('login-form', HTMLFormElement);
  const input = form.elements.namedItem('token') as HTMLInputElement;
  setText(byId('login-problem', HTMLElement), problem);
  if (!dialog.open) dialog.showModal();
  input.value = '';
  input.focus();
  // Without a token there is nothing to see behind it.
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  return new Promise((resolve) => {
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        sessionStorage.setItem(KEY, input.value.trim());
        byId('sign-out', HTMLButtonElement).hidden = false;
        dialog.close();
        resolve();
      },
      { once: true },
    );
  });
}
