import { localeContextKey } from 'element-plus/es/hooks/use-locale/index.mjs';
import chinese from 'element-plus/es/locale/lang/zh-cn.mjs';
import { createApp, ref } from 'vue';
import App from './app.vue';
import { router } from './router.js';
import './theme/index.css';

createApp(App).provide(localeContextKey, ref(chinese)).use(router).mount('#app');
