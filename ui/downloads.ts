/** Hands a body of bytes to the browser under the name the box gave it. */
export async function saveAs(response: Response, fallback: string): Promise<void> {
  const named = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = named ? decodeURIComponent(named) : fallback;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export const saveText = (text: string, name: string): Promise<void> => saveAs(new Response(text), name);
