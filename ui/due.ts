/** Counts beside the navigation: what waits for this person on each page, as the workbench reports it. */
import { ref } from 'vue';

export const dueCounts = ref<Readonly<Record<string, number>>>({});
