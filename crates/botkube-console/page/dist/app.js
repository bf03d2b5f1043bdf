var e=globalThis,t=e.ShadowRoot&&(e.ShadyCSS===void 0||e.ShadyCSS.nativeShadow)&&`adoptedStyleSheets`in Document.prototype&&`replace`in CSSStyleSheet.prototype,n=Symbol(),r=new WeakMap,i=class{constructor(e,t,r){if(this._$cssResult$=!0,r!==n)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=e,this.t=t}get styleSheet(){let e=this.o,n=this.t;if(t&&e===void 0){let t=n!==void 0&&n.length===1;t&&(e=r.get(n)),e===void 0&&((this.o=e=new CSSStyleSheet).replaceSync(this.cssText),t&&r.set(n,e))}return e}toString(){return this.cssText}},a=e=>new i(typeof e==`string`?e:e+``,void 0,n),o=(n,r)=>{if(t)n.adoptedStyleSheets=r.map(e=>e instanceof CSSStyleSheet?e:e.styleSheet);else for(let t of r){let r=document.createElement(`style`),i=e.litNonce;i!==void 0&&r.setAttribute(`nonce`,i),r.textContent=t.cssText,n.appendChild(r)}},s=t?e=>e:e=>e instanceof CSSStyleSheet?(e=>{let t=``;for(let n of e.cssRules)t+=n.cssText;return a(t)})(e):e,{is:c,defineProperty:l,getOwnPropertyDescriptor:u,getOwnPropertyNames:d,getOwnPropertySymbols:f,getPrototypeOf:p}=Object,m=globalThis,ee=m.trustedTypes,te=ee?ee.emptyScript:``,ne=m.reactiveElementPolyfillSupport,h=(e,t)=>e,re={toAttribute(e,t){switch(t){case Boolean:e=e?te:null;break;case Object:case Array:e=e==null?e:JSON.stringify(e)}return e},fromAttribute(e,t){let n=e;switch(t){case Boolean:n=e!==null;break;case Number:n=e===null?null:Number(e);break;case Object:case Array:try{n=JSON.parse(e)}catch{n=null}}return n}},ie=(e,t)=>!c(e,t),ae={attribute:!0,type:String,converter:re,reflect:!1,useDefault:!1,hasChanged:ie};Symbol.metadata??=Symbol(`metadata`),m.litPropertyMetadata??=new WeakMap;var g=class extends HTMLElement{static addInitializer(e){this._$Ei(),(this.l??=[]).push(e)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(e,t=ae){if(t.state&&(t.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(e)&&((t=Object.create(t)).wrapped=!0),this.elementProperties.set(e,t),!t.noAccessor){let n=Symbol(),r=this.getPropertyDescriptor(e,n,t);r!==void 0&&l(this.prototype,e,r)}}static getPropertyDescriptor(e,t,n){let{get:r,set:i}=u(this.prototype,e)??{get(){return this[t]},set(e){this[t]=e}};return{get:r,set(t){let a=r?.call(this);i?.call(this,t),this.requestUpdate(e,a,n)},configurable:!0,enumerable:!0}}static getPropertyOptions(e){return this.elementProperties.get(e)??ae}static _$Ei(){if(this.hasOwnProperty(h(`elementProperties`)))return;let e=p(this);e.finalize(),e.l!==void 0&&(this.l=[...e.l]),this.elementProperties=new Map(e.elementProperties)}static finalize(){if(this.hasOwnProperty(h(`finalized`)))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(h(`properties`))){let e=this.properties,t=[...d(e),...f(e)];for(let n of t)this.createProperty(n,e[n])}let e=this[Symbol.metadata];if(e!==null){let t=litPropertyMetadata.get(e);if(t!==void 0)for(let[e,n]of t)this.elementProperties.set(e,n)}this._$Eh=new Map;for(let[e,t]of this.elementProperties){let n=this._$Eu(e,t);n!==void 0&&this._$Eh.set(n,e)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(e){let t=[];if(Array.isArray(e)){let n=new Set(e.flat(1/0).reverse());for(let e of n)t.unshift(s(e))}else e!==void 0&&t.push(s(e));return t}static _$Eu(e,t){let n=t.attribute;return!1===n?void 0:typeof n==`string`?n:typeof e==`string`?e.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(e=>this.enableUpdating=e),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(e=>e(this))}addController(e){(this._$EO??=new Set).add(e),this.renderRoot!==void 0&&this.isConnected&&e.hostConnected?.()}removeController(e){this._$EO?.delete(e)}_$E_(){let e=new Map,t=this.constructor.elementProperties;for(let n of t.keys())this.hasOwnProperty(n)&&(e.set(n,this[n]),delete this[n]);e.size>0&&(this._$Ep=e)}createRenderRoot(){let e=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return o(e,this.constructor.elementStyles),e}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(e=>e.hostConnected?.())}enableUpdating(e){}disconnectedCallback(){this._$EO?.forEach(e=>e.hostDisconnected?.())}attributeChangedCallback(e,t,n){this._$AK(e,n)}_$ET(e,t){let n=this.constructor.elementProperties.get(e),r=this.constructor._$Eu(e,n);if(r!==void 0&&!0===n.reflect){let i=(n.converter?.toAttribute===void 0?re:n.converter).toAttribute(t,n.type);this._$Em=e,i==null?this.removeAttribute(r):this.setAttribute(r,i),this._$Em=null}}_$AK(e,t){let n=this.constructor,r=n._$Eh.get(e);if(r!==void 0&&this._$Em!==r){let e=n.getPropertyOptions(r),i=typeof e.converter==`function`?{fromAttribute:e.converter}:e.converter?.fromAttribute===void 0?re:e.converter;this._$Em=r;let a=i.fromAttribute(t,e.type);this[r]=a??this._$Ej?.get(r)??a,this._$Em=null}}requestUpdate(e,t,n,r=!1,i){if(e!==void 0){let a=this.constructor;if(!1===r&&(i=this[e]),n??=a.getPropertyOptions(e),!((n.hasChanged??ie)(i,t)||n.useDefault&&n.reflect&&i===this._$Ej?.get(e)&&!this.hasAttribute(a._$Eu(e,n))))return;this.C(e,t,n)}!1===this.isUpdatePending&&(this._$ES=this._$EP())}C(e,t,{useDefault:n,reflect:r,wrapped:i},a){n&&!(this._$Ej??=new Map).has(e)&&(this._$Ej.set(e,a??t??this[e]),!0!==i||a!==void 0)||(this._$AL.has(e)||(this.hasUpdated||n||(t=void 0),this._$AL.set(e,t)),!0===r&&this._$Em!==e&&(this._$Eq??=new Set).add(e))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(e){Promise.reject(e)}let e=this.scheduleUpdate();return e!=null&&await e,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[e,t]of this._$Ep)this[e]=t;this._$Ep=void 0}let e=this.constructor.elementProperties;if(e.size>0)for(let[t,n]of e){let{wrapped:e}=n,r=this[t];!0!==e||this._$AL.has(t)||r===void 0||this.C(t,void 0,n,r)}}let e=!1,t=this._$AL;try{e=this.shouldUpdate(t),e?(this.willUpdate(t),this._$EO?.forEach(e=>e.hostUpdate?.()),this.update(t)):this._$EM()}catch(t){throw e=!1,this._$EM(),t}e&&this._$AE(t)}willUpdate(e){}_$AE(e){this._$EO?.forEach(e=>e.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(e)),this.updated(e)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(e){return!0}update(e){this._$Eq&&=this._$Eq.forEach(e=>this._$ET(e,this[e])),this._$EM()}updated(e){}firstUpdated(e){}};g.elementStyles=[],g.shadowRootOptions={mode:`open`},g[h(`elementProperties`)]=new Map,g[h(`finalized`)]=new Map,ne?.({ReactiveElement:g}),(m.reactiveElementVersions??=[]).push(`2.1.2`);var oe=globalThis,se=e=>e,_=oe.trustedTypes,ce=_?_.createPolicy(`lit-html`,{createHTML:e=>e}):void 0,le=`$lit$`,v=`lit$${Math.random().toFixed(9).slice(2)}$`,ue=`?`+v,de=`<${ue}>`,y=document,b=()=>y.createComment(``),x=e=>e===null||typeof e!=`object`&&typeof e!=`function`,fe=Array.isArray,pe=e=>fe(e)||typeof e?.[Symbol.iterator]==`function`,me=`[ 	
\f\r]`,S=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,he=/-->/g,ge=/>/g,C=RegExp(`>|${me}(?:([^\\s"'>=/]+)(${me}*=${me}*(?:[^ \t\n\f\r"'\`<>=]|("|')|))|$)`,`g`),_e=/'/g,ve=/"/g,ye=/^(?:script|style|textarea|title)$/i,be=e=>(t,...n)=>({_$litType$:e,strings:t,values:n}),w=be(1),T=be(2),E=Symbol.for(`lit-noChange`),D=Symbol.for(`lit-nothing`),xe=new WeakMap,O=y.createTreeWalker(y,129);function Se(e,t){if(!fe(e)||!e.hasOwnProperty(`raw`))throw Error(`invalid template strings array`);return ce===void 0?t:ce.createHTML(t)}var Ce=(e,t)=>{let n=e.length-1,r=[],i,a=t===2?`<svg>`:t===3?`<math>`:``,o=S;for(let t=0;t<n;t++){let n=e[t],s,c,l=-1,u=0;for(;u<n.length&&(o.lastIndex=u,c=o.exec(n),c!==null);)u=o.lastIndex,o===S?c[1]===`!--`?o=he:c[1]===void 0?c[2]===void 0?c[3]!==void 0&&(o=C):(ye.test(c[2])&&(i=RegExp(`</`+c[2],`g`)),o=C):o=ge:o===C?c[0]===`>`?(o=i??S,l=-1):c[1]===void 0?l=-2:(l=o.lastIndex-c[2].length,s=c[1],o=c[3]===void 0?C:c[3]===`"`?ve:_e):o===ve||o===_e?o=C:o===he||o===ge?o=S:(o=C,i=void 0);let d=o===C&&e[t+1].startsWith(`/>`)?` `:``;a+=o===S?n+de:l>=0?(r.push(s),n.slice(0,l)+le+n.slice(l)+v+d):n+v+(l===-2?t:d)}return[Se(e,a+(e[n]||`<?>`)+(t===2?`</svg>`:t===3?`</math>`:``)),r]},we=class e{constructor({strings:t,_$litType$:n},r){let i;this.parts=[];let a=0,o=0,s=t.length-1,c=this.parts,[l,u]=Ce(t,n);if(this.el=e.createElement(l,r),O.currentNode=this.el.content,n===2||n===3){let e=this.el.content.firstChild;e.replaceWith(...e.childNodes)}for(;(i=O.nextNode())!==null&&c.length<s;){if(i.nodeType===1){if(i.hasAttributes())for(let e of i.getAttributeNames())if(e.endsWith(le)){let t=u[o++],n=i.getAttribute(e).split(v),r=/([.?@])?(.*)/.exec(t);c.push({type:1,index:a,name:r[2],strings:n,ctor:r[1]===`.`?Ee:r[1]===`?`?De:r[1]===`@`?Oe:j}),i.removeAttribute(e)}else e.startsWith(v)&&(c.push({type:6,index:a}),i.removeAttribute(e));if(ye.test(i.tagName)){let e=i.textContent.split(v),t=e.length-1;if(t>0){i.textContent=_?_.emptyScript:``;for(let n=0;n<t;n++)i.append(e[n],b()),O.nextNode(),c.push({type:2,index:++a});i.append(e[t],b())}}}else if(i.nodeType===8){if(i.data===ue)c.push({type:2,index:a});else{let e=-1;for(;(e=i.data.indexOf(v,e+1))!==-1;)c.push({type:7,index:a}),e+=v.length-1}}a++}}static createElement(e,t){let n=y.createElement(`template`);return n.innerHTML=e,n}};function k(e,t,n=e,r){if(t===E)return t;let i=r===void 0?n._$Cl:n._$Co?.[r],a=x(t)?void 0:t._$litDirective$;return i?.constructor!==a&&(i?._$AO?.(!1),a===void 0?i=void 0:(i=new a(e),i._$AT(e,n,r)),r===void 0?n._$Cl=i:(n._$Co??=[])[r]=i),i!==void 0&&(t=k(e,i._$AS(e,t.values),i,r)),t}var Te=class{constructor(e,t){this._$AV=[],this._$AN=void 0,this._$AD=e,this._$AM=t}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(e){let{el:{content:t},parts:n}=this._$AD,r=(e?.creationScope??y).importNode(t,!0);O.currentNode=r;let i=O.nextNode(),a=0,o=0,s=n[0];for(;s!==void 0;){if(a===s.index){let t;s.type===2?t=new A(i,i.nextSibling,this,e):s.type===1?t=new s.ctor(i,s.name,s.strings,this,e):s.type===6&&(t=new ke(i,this,e)),this._$AV.push(t),s=n[++o]}a!==s?.index&&(i=O.nextNode(),a++)}return O.currentNode=y,r}p(e){let t=0;for(let n of this._$AV)n!==void 0&&(n.strings===void 0?n._$AI(e[t]):(n._$AI(e,n,t),t+=n.strings.length-2)),t++}},A=class e{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(e,t,n,r){this.type=2,this._$AH=D,this._$AN=void 0,this._$AA=e,this._$AB=t,this._$AM=n,this.options=r,this._$Cv=r?.isConnected??!0}get parentNode(){let e=this._$AA.parentNode,t=this._$AM;return t!==void 0&&e?.nodeType===11&&(e=t.parentNode),e}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(e,t=this){e=k(this,e,t),x(e)?e===D||e==null||e===``?(this._$AH!==D&&this._$AR(),this._$AH=D):e!==this._$AH&&e!==E&&this._(e):e._$litType$===void 0?e.nodeType===void 0?pe(e)?this.k(e):this._(e):this.T(e):this.$(e)}O(e){return this._$AA.parentNode.insertBefore(e,this._$AB)}T(e){this._$AH!==e&&(this._$AR(),this._$AH=this.O(e))}_(e){this._$AH!==D&&x(this._$AH)?this._$AA.nextSibling.data=e:this.T(y.createTextNode(e)),this._$AH=e}$(e){let{values:t,_$litType$:n}=e,r=typeof n==`number`?this._$AC(e):(n.el===void 0&&(n.el=we.createElement(Se(n.h,n.h[0]),this.options)),n);if(this._$AH?._$AD===r)this._$AH.p(t);else{let e=new Te(r,this),n=e.u(this.options);e.p(t),this.T(n),this._$AH=e}}_$AC(e){let t=xe.get(e.strings);return t===void 0&&xe.set(e.strings,t=new we(e)),t}k(t){fe(this._$AH)||(this._$AH=[],this._$AR());let n=this._$AH,r,i=0;for(let a of t)i===n.length?n.push(r=new e(this.O(b()),this.O(b()),this,this.options)):r=n[i],r._$AI(a),i++;i<n.length&&(this._$AR(r&&r._$AB.nextSibling,i),n.length=i)}_$AR(e=this._$AA.nextSibling,t){for(this._$AP?.(!1,!0,t);e!==this._$AB;){let t=se(e).nextSibling;se(e).remove(),e=t}}setConnected(e){this._$AM===void 0&&(this._$Cv=e,this._$AP?.(e))}},j=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(e,t,n,r,i){this.type=1,this._$AH=D,this._$AN=void 0,this.element=e,this.name=t,this._$AM=r,this.options=i,n.length>2||n[0]!==``||n[1]!==``?(this._$AH=Array(n.length-1).fill(new String),this.strings=n):this._$AH=D}_$AI(e,t=this,n,r){let i=this.strings,a=!1;if(i===void 0)e=k(this,e,t,0),a=!x(e)||e!==this._$AH&&e!==E,a&&(this._$AH=e);else{let r=e,o,s;for(e=i[0],o=0;o<i.length-1;o++)s=k(this,r[n+o],t,o),s===E&&(s=this._$AH[o]),a||=!x(s)||s!==this._$AH[o],s===D?e=D:e!==D&&(e+=(s??``)+i[o+1]),this._$AH[o]=s}a&&!r&&this.j(e)}j(e){e===D?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,e??``)}},Ee=class extends j{constructor(){super(...arguments),this.type=3}j(e){this.element[this.name]=e===D?void 0:e}},De=class extends j{constructor(){super(...arguments),this.type=4}j(e){this.element.toggleAttribute(this.name,!!e&&e!==D)}},Oe=class extends j{constructor(e,t,n,r,i){super(e,t,n,r,i),this.type=5}_$AI(e,t=this){if((e=k(this,e,t,0)??D)===E)return;let n=this._$AH,r=e===D&&n!==D||e.capture!==n.capture||e.once!==n.once||e.passive!==n.passive,i=e!==D&&(n===D||r);r&&this.element.removeEventListener(this.name,this,n),i&&this.element.addEventListener(this.name,this,e),this._$AH=e}handleEvent(e){typeof this._$AH==`function`?this._$AH.call(this.options?.host??this.element,e):this._$AH.handleEvent(e)}},ke=class{constructor(e,t,n){this.element=e,this.type=6,this._$AN=void 0,this._$AM=t,this.options=n}get _$AU(){return this._$AM._$AU}_$AI(e){k(this,e)}},Ae={M:le,P:v,A:ue,C:1,L:Ce,R:Te,D:pe,V:k,I:A,H:j,N:De,U:Oe,B:Ee,F:ke},je=oe.litHtmlPolyfillSupport;je?.(we,A),(oe.litHtmlVersions??=[]).push(`3.3.3`);var Me=(e,t,n)=>{let r=n?.renderBefore??t,i=r._$litPart$;if(i===void 0){let e=n?.renderBefore??null;r._$litPart$=i=new A(t.insertBefore(b(),e),e,void 0,n??{})}return i._$AI(e),i},Ne=globalThis,M=class extends g{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let e=super.createRenderRoot();return this.renderOptions.renderBefore??=e.firstChild,e}update(e){let t=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(e),this._$Do=Me(t,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return E}};M._$litElement$=!0,M.finalized=!0,Ne.litElementHydrateSupport?.({LitElement:M});var Pe=Ne.litElementPolyfillSupport;Pe?.({LitElement:M}),(Ne.litElementVersions??=[]).push(`4.2.2`);function Fe(e){let t;try{t=JSON.parse(e)}catch{return}return N(t)?Le(t):void 0}function Ie(e){try{return Re(JSON.parse(e))}catch{return[]}}function Le(e){let t=e.type;switch(t){case`welcome`:return{type:t,agent:F(e.agent),version:F(e.version),cluster:F(e.cluster),person:Be(e.person),channels:P(e.channels).flatMap(ze)};case`entries`:return{type:t,channel:F(e.channel),reset:e.reset===!0,entries:Re(e.entries)};case`grown`:return{type:t,channel:F(e.channel),id:F(e.id),revision:I(e.revision),text:F(e.text)};case`form`:{let[n]=Re([e.entry]);return n&&{type:t,channel:F(e.channel),entry:n}}case`accepted`:return{type:t,key:F(e.key)};case`rejected`:return{type:t,key:F(e.key),reason:F(e.reason)};case`completions`:return{type:t,id:I(e.id),items:P(e.items).filter(N).map(Ve)};case`options`:{let n=F(e.reason),r=P(e.groups).filter(N);return{type:t,id:I(e.id),groups:r,...n&&{reason:n}}}case`problem`:return{type:t,reason:F(e.reason)};default:return}}function Re(e){return P(e).flatMap(e=>!N(e)||typeof e.id!=`string`||typeof e.revision!=`number`?[]:[{...e,at:I(e.at),by:Be(e.by)}])}function ze(e){return!N(e)||typeof e.alias!=`string`?[]:[{alias:e.alias,name:F(e.name)||e.alias,executors:P(e.executors).map(F),notifications:e.notifications===!0}]}function Be(e){let t=N(e)?e:{};return{id:F(t.id),name:F(t.name),bot:t.bot===!0}}function Ve(e){return{text:F(e.text),about:F(e.about)}}function N(e){return typeof e==`object`&&!!e&&!Array.isArray(e)}function P(e){return Array.isArray(e)?e:[]}function F(e){return typeof e==`string`?e:``}function I(e){return typeof e==`number`?e:0}var He=250,Ue=1e4,We=3e4,Ge=5e3,Ke=15e3,qe=100,Je=`botkube.unanswered`,Ye=class{constructor(e){this.around=e,this.state={is:`connecting`},this.waiting=new Map,this.pause=He,this.lastSent=``,this.greeted=0;for(let e of this.stored())this.waiting.set(e.key,{frame:e,settle:()=>{}})}unanswered(){return[...this.waiting.values()].map(({frame:e})=>e)}connect(){clearTimeout(this.retry),this.drop(),this.become({is:`connecting`});let e=this.around.open(),t=!1;this.socket=e,this.watch(),e.onopen=()=>{if(e===this.socket){t=!0,this.hello(this.around.seen());for(let{frame:e}of this.waiting.values())this.transmit(e)}},e.onmessage=({data:t})=>{if(e!==this.socket)return;let n=typeof t==`string`?Fe(t):void 0;n&&this.take(n)},e.onclose=({code:n,reason:r})=>{e===this.socket&&this.lost(t,n,r)}}hurry(){(this.state.is===`lost`||this.state.is===`refused`)&&this.connect()}hello(e){this.transmit({type:`hello`,seen:e})}send(e){return this.state.is===`open`&&(this.transmit(e),!0)}request(e){if(this.waiting.size>=qe){let e=`${qe} others still wait for the agent to answer. Try again when it does.`;return Promise.resolve({accepted:!1,reason:e})}return new Promise(t=>{this.waiting.set(e.key,{frame:e,settle:t}),this.store(),this.state.is===`open`&&(this.transmit(e),this.watch()),this.around.changed()})}close(){clearTimeout(this.retry),this.drop()}take(e){e.type===`welcome`&&this.state.is!==`open`&&(this.greeted=Date.now(),this.become({is:`open`})),e.type===`accepted`&&this.settle(e.key,{accepted:!0}),e.type===`rejected`&&this.settle(e.key,{accepted:!1,reason:e.reason}),this.watch(),this.around.receive(e)}settle(e,t){let n=this.waiting.get(e);n&&(this.waiting.delete(e),this.store(),n.settle(t),this.around.changed())}async lost(e,t,n){this.drop(),(t===1008||t===1009)&&this.waiting.has(this.lastSent)&&this.settle(this.lastSent,{accepted:!1,reason:n||`The agent closed the connection because of this.`}),this.greeted&&Date.now()-this.greeted>Ge&&(this.pause=He),this.greeted=0;let r=this.pause*(.8+Math.random()*.4);if(this.pause=Math.min(this.pause*2,Ue),this.again(r,{is:`lost`,reason:n}),e)return;let i=await this.around.why();i&&this.state.is===`lost`&&this.again(We,{is:`refused`,reason:i})}again(e,t){clearTimeout(this.retry),this.retry=setTimeout(()=>this.connect(),e),this.become(t)}transmit(e){this.lastSent=`key`in e?e.key:this.lastSent,this.socket?.send(JSON.stringify(e))}watch(){clearTimeout(this.patience),(this.state.is!==`open`||this.waiting.size!==0)&&(this.patience=setTimeout(()=>void this.lost(!0,1006,``),Ke))}drop(){clearTimeout(this.patience);let e=this.socket;this.socket=void 0,e?.close()}become(e){this.state=e,this.around.changed()}store(){try{this.waiting.size?this.around.storage.setItem(Je,JSON.stringify(this.unanswered())):this.around.storage.removeItem(Je)}catch{}}stored(){try{let e=JSON.parse(this.around.storage.getItem(Je)??`[]`);return Array.isArray(e)?e.filter(e=>typeof e?.key==`string`):[]}catch{return[]}}},Xe=`botkube.read`,Ze={entries:[],highest:0,unread:new Set},Qe=class{constructor(e){this.storage=e,this.agent=``,this.version=``,this.cluster=``,this.person={id:``,name:``},this.channels=[],this.grew=new Set,this.rooms=new Map,this.read=et(e)}room(e){return this.rooms.get(e)??Ze}seen(){return Object.fromEntries([...this.rooms].map(([e,t])=>[e,t.highest]))}unread(){return this.channels.reduce((e,{alias:t})=>e+this.room(t).unread.size,0)}take(e){switch(e.type){case`welcome`:return this.welcome(e),!0;case`entries`:return this.put(e.channel,e.entries,e.reset),!0;case`grown`:return this.grow(e);default:return!0}}markRead(e){let t=this.room(e);if(!t.unread.size&&this.read[e]===t.highest)return!1;this.read[e]=t.highest,this.rooms.set(e,{...t,unread:new Set});try{this.storage.setItem(Xe,JSON.stringify(this.read))}catch{}return!0}welcome({agent:e,version:t,cluster:n,person:r,channels:i}){Object.assign(this,{agent:e,version:t,cluster:n,person:r,channels:i});let a=new Set(i.map(({alias:e})=>e));for(let e of this.rooms.keys())a.has(e)||this.rooms.delete(e);for(let e of a)this.rooms.has(e)||this.rooms.set(e,Ze)}put(e,t,n){let r=n?Ze:this.room(e);n&&delete this.read[e];let i=new Map(r.entries.map(e=>[e.id,e])),a=new Set(r.unread),o=this.read[e]??0,{highest:s}=r,c=!0,l=r.entries.at(-1);for(let e of t){s=Math.max(s,e.revision);let t=i.get(e.id);t&&t.revision>=e.revision||!this.isForMe(e)||(t||(e.revision>o&&e.by.id!==this.person.id&&a.add(e.id),l&&$e(l,e)>0&&(c=!1),l=e),i.set(e.id,e))}let u=[...i.values()];c||u.sort($e);for(let{id:e}of u.slice(0,-1e3))a.delete(e),this.grew.delete(e);u=u.slice(-1e3),this.rooms.set(e,{entries:u,highest:s,unread:a})}grow({channel:e,id:t,revision:n,text:r}){let i=this.room(e),a=i.entries.findLastIndex(e=>e.id===t),o=i.entries[a];if(o&&o.revision>=n)return!0;if(!o||o.revision!==n-1&&i.highest!==n-1)return!1;let s={...o.message?.baseBody};s.codeBlock=(s.codeBlock??``)+r;let c=i.entries.with(a,{...o,revision:n,message:{...o.message,baseBody:s}});return this.grew.add(t),this.rooms.set(e,{...i,entries:c,highest:Math.max(i.highest,n)}),!0}isForMe(e){return!e.onlyFor||e.onlyFor===this.person.id}};function $e(e,t){return[e.id,t.id].every(e=>/^\d{1,15}$/.test(e))&&Number(e.id)-Number(t.id)||e.at-t.at}function et(e){try{let t=JSON.parse(e.getItem(Xe)??`{}`);return typeof t==`object`&&t?t:{}}catch{return{}}}var tt=262144,nt=300,rt=1e4,it=`botkube.name`,at=class{constructor(e){this.outside=e,this.notices=[],this.failed=[],this.fresh=new Set,this.questions=new Map,this.count=0,this.asked=new Set,this.store=new Qe(e.local),this.link=new Ye({open:()=>e.socket(),why:()=>e.why(),seen:()=>this.store.seen(),receive:e=>this.receive(e),changed:()=>e.changed(),storage:e.session})}drafts(e){let t=this.link.state.is===`open`,n=this.link.unanswered().filter(e=>e.type===`say`&&!(t&&this.fresh.has(e.key)));return[...this.failed,...n].filter(t=>t.channel===e)}async say(e,t){let n={type:`say`,key:L(),channel:e,text:t};this.fresh.add(n.key),setTimeout(()=>{this.fresh.delete(n.key),this.outside.changed()},nt);let r=await this.link.request(n);r.accepted||(this.failed=[...this.failed,{key:n.key,channel:e,text:t,reason:r.reason}],this.outside.changed())}forget(e){this.failed=this.failed.filter(({key:t})=>t!==e.key),this.outside.changed()}async press(e,t,n,r,i){this.report(await this.link.request({type:`press`,key:L(),channel:e,entry:t,control:n,values:r,entered:i}))}async cancel(e,t){this.report(await this.link.request({type:`cancel`,key:L(),channel:e,command:t,agent:this.store.agent}))}async complete(e,t){let n=await this.ask({type:`complete`,channel:e,text:t});return n?.type===`completions`?n.items:[]}async options(e,t,n,r){let i=await this.ask({type:`options`,channel:e,entry:t,control:n,query:r});return i?.type===`options`?i.reason??i.groups:`The agent did not answer. Type again to ask once more.`}name(e){this.outside.local.setItem(it,e),this.store.person={...this.store.person,name:e},this.link.send({type:`name`,name:e}),this.outside.changed()}notice(e){let t=this.notices.filter(t=>t.text!==e);this.notices=[...t,{id:++this.count,text:e}].slice(-3),this.outside.changed()}dismiss(e){this.notices=this.notices.filter(t=>t.id!==e),this.outside.changed()}closeForm(){this.form=void 0,this.outside.changed()}receive(e){if(e.type===`completions`||e.type===`options`)this.questions.get(e.id)?.(e);else{if(e.type===`problem`&&this.notice(e.reason),e.type===`form`&&(this.form={channel:e.channel,entry:e.entry}),e.type===`welcome`){this.asked.clear();let t=this.outside.local.getItem(it);!e.person.name&&t&&(e.person.name=t,this.link.send({type:`name`,name:t}))}e.type===`entries`&&this.asked.delete(e.channel),!this.store.take(e)&&e.type===`grown`&&this.askAgain(e.channel),this.outside.changed()}}askAgain(e){if(this.asked.has(e))return;this.asked.add(e);let{[e]:t,...n}=this.store.seen();this.link.hello(n)}ask(e){let t=++this.count;return new Promise(n=>{let r=e=>{clearTimeout(i),this.questions.delete(t),n(e)},i=setTimeout(()=>r(void 0),rt);this.questions.set(t,r),this.link.send({...e,id:t})||r(void 0)})}report(e){e.accepted||this.notice(e.reason)}};function L(){return Array.from(crypto.getRandomValues(new Uint8Array(16)),e=>e.toString(16).padStart(2,`0`)).join(``)}var ot=/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g,st=/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/,ct=new RegExp(st,`g`);function R(e){return e?st.test(e)?e.replace(/\r\n?/g,`
`).replace(ot,``).replace(ct,e=>{let t=e.charCodeAt(0);return t<32?String.fromCharCode(9216+t):t===127?`␡`:`�`}):e:``}function z(e){try{let t=new URL(e??``);return[`http:`,`https:`,`mailto:`].includes(t.protocol)?t.href:void 0}catch{return}}function lt(e,t){try{let n=new URL(e,t);return n.origin===new URL(t).origin&&n.pathname.startsWith(`/files/`)?n.href:void 0}catch{return}}function B(e){if(e<1e3)return`${e} B`;let t=[`KB`,`MB`,`GB`,`TB`],n=e,r=-1;do n/=1e3,r+=1;while(n>=999.5&&r<t.length-1);return`${n<9.95?n.toFixed(1):Math.round(n)} ${t[r]}`}function ut(e){if(e<1e3)return`${Math.max(0,Math.round(e))} ms`;if(e<9950)return`${(e/1e3).toFixed(1)} s`;let t=Math.round(e/1e3);if(t<60)return`${t} s`;let n=e=>String(e).padStart(2,`0`);return t<3600?`${Math.floor(t/60)} min ${n(t%60)} s`:`${Math.floor(t/3600)} h ${n(Math.floor(t/60)%60)} min`}function dt(e){let t=Math.max(0,Math.floor(e/1e3)),n=e=>String(e).padStart(2,`0`),[r,i]=[Math.floor(t/3600),Math.floor(t/60)%60];return r?`${r}:${n(i)}:${n(t%60)}`:`${i}:${n(t%60)}`}function ft(e){if(!e||e.startsWith(`0001-01-01T00:00:00`))return;let t=new Date(e);return Number.isNaN(t.getTime())?void 0:t}var pt=new Intl.DateTimeFormat(void 0,{hour:`2-digit`,minute:`2-digit`,hourCycle:`h23`}),mt=new Intl.DateTimeFormat(void 0,{dateStyle:`medium`,timeStyle:`medium`}),ht=new Intl.DateTimeFormat(void 0,{weekday:`long`,day:`numeric`,month:`long`}),gt=new Intl.DateTimeFormat(void 0,{dateStyle:`long`}),_t=e=>pt.format(e),vt=e=>mt.format(e);function yt(e,t){let n=e=>new Date(e).setHours(0,0,0,0),r=Math.round((n(t)-n(e))/864e5);return r===0?`Today`:r===1?`Yesterday`:(new Date(e).getFullYear()===new Date(t).getFullYear()?ht:gt).format(e)}function V(e){let t=1;for(let n=e.indexOf(`
`);n!==-1;n=e.indexOf(`
`,n+1))t+=1;return t}function bt(e,t){let n=0;for(;t>0;--t){let t=e.indexOf(`
`,n);if(t===-1)return e.length;n=t+1}return n}var xt=`botkube.theme`,H=[`system`,`light`,`dark`];function St(){let e=Tt();return H.find(t=>t===e)??`system`}function Ct(e=St()){let{dataset:t}=document.documentElement;e===`system`?delete t.theme:t.theme=e}function wt(){let e=H.find(e=>e===document.documentElement.dataset.theme)??`system`,t=H[(H.indexOf(e)+1)%H.length];return Tt(t),Ct(t),t}function Tt(e){try{return e&&localStorage.setItem(xt,e),localStorage.getItem(xt)}catch{return null}}var U=class extends M{createRenderRoot(){return this}},Et=0,Dt=()=>`bk${++Et}`,W={button:(e,t)=>`b${e}.${t}`,select:(e,t)=>`s${e}.${t}`,multi:e=>`m${e}.0`,input:(e,t)=>`i${e}.${t}`};function Ot(e){let t=[];return e.sections?.forEach((e,n)=>{e.multiSelect?.options?.length&&t.push({kind:`multi`,id:W.multi(n),of:e.multiSelect}),e.selects?.items?.forEach((e,r)=>t.push({kind:`select`,id:W.select(n,r),of:e})),e.plaintextInputs?.forEach((e,r)=>t.push({kind:`input`,id:W.input(n,r),of:e}))}),e.plaintextInputs?.forEach((e,n)=>t.push({kind:`input`,id:W.input(`m`,n),of:e})),t}function kt(e,t,n){let r=new Map((t?Ot(t):[]).map(e=>[e.id,e])),i={};for(let t of n?Ot(n):[]){let n=e[t.id],a=r.get(t.id)?.of.command===t.of.command;n&&a&&n.every(e=>Mt(t,e))&&(i[t.id]=n)}return i}function At(e,t){return e.some(e=>(e.value??``)===t)}function jt(e,t){let n=Ot(e).filter(e=>e.of.command?.trim()),r=n.filter(e=>e.kind===`input`);return(r.length?r:n).flatMap(({id:e})=>{let n=t[e];return n?.some(e=>e.trim())?[{id:e,values:n}]:[]})}function Mt(e,t){switch(e.kind){case`input`:return!0;case`multi`:return At(e.of.options??[],t);case`select`:return e.of.type===`external`||At(e.of.optionGroups?.flatMap(e=>e.options??[])??[],t)}}var G=e=>w`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">${e}</svg>`,K={copy:G(T`<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 3.5v-.5a1 1 0 0 0-1-1H3.5a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1H4"/>`),check:G(T`<path d="m3.5 8.5 3 3 6-7"/>`),cross:G(T`<path d="m4 4 8 8m0-8-8 8"/>`),stop:G(T`<rect x="3.5" y="3.5" width="9" height="9" rx="2"/>`),down:G(T`<path d="m4.5 6.5 3.5 3.5 3.5-3.5"/>`),arrowDown:G(T`<path d="M8 3v10m-4-4 4 4 4-4"/>`),send:G(T`<path d="M8 13V3M4 7l4-4 4 4"/>`),link:G(T`<path d="M6.5 3.5H4a1 1 0 0 0-1 1V12a1 1 0 0 0 1 1h7.5a1 1 0 0 0 1-1V9.5M9.5 2.5h4v4m0-4L7.5 8.5"/>`),eye:G(T`<path d="M1.5 8s2.5-4.5 6.5-4.5S14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="1.8"/>`),file:G(T`<path d="M4 1.5h5l3.5 3.5v9a.5.5 0 0 1-.5.5H4a.5.5 0 0 1-.5-.5V2a.5.5 0 0 1 .5-.5zM9 1.5V5h3.5"/>`),menu:G(T`<path d="M2.5 4.5h11m-11 3.5h11m-11 3.5h11"/>`),sun:G(T`<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.2m0 10.6v1.2M1.5 8h1.2m10.6 0h1.2M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9m-7.4 7.4-.9.9"/>`),moon:G(T`<path d="M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7z"/>`),screen:G(T`<rect x="2" y="2.8" width="12" height="8.4" rx="1.2"/><path d="M5.5 13.5h5"/>`),clock:G(T`<circle cx="8" cy="8" r="5.7"/><path d="M8 4.8V8l2.2 1.6"/>`),ban:G(T`<circle cx="8" cy="8" r="5.7"/><path d="m4 4 8 8"/>`),alert:G(T`<path d="M8 5.2v3.6m0 2.2v.1M7.1 2.3 1.6 12a1 1 0 0 0 .9 1.5h11a1 1 0 0 0 .9-1.5L8.9 2.3a1 1 0 0 0-1.8 0z"/>`),bot:w`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"
    ><path d="m3.5 5 3.5 3-3.5 3M8.5 11.5h4" /></svg
  >`},Nt=6,Pt=4e3,Ft=/https?:\/\/[^\s<>"'`|\\]{1,2000}/y,It=/^[ \t]{0,8}(?:[-*•]|(\d{1,6})[.)])[ \t]+(?=\S)/,Lt=/[\p{L}\p{N}]/u,Rt=[[`**`,`bold`],[`__`,`bold`],[`~~`,`strike`],[`*`,`bold`],[`_`,`italic`],[`~`,`strike`]];function zt(e){let t=[],n=e.split(`
`),r=[],i=()=>{for(;r.length&&!r[0].trim();)r.shift();for(;r.length&&!r.at(-1).trim();)r.pop();r.length&&t.push({kind:`text`,of:r.flatMap((e,t)=>t?[`
`,...q(e)]:q(e))}),r=[]},a=!1;for(let e=0;e<n.length;e+=1){let o=n[e];if(o.startsWith("```")&&!a){let r=Bt(n,e);if(r){i(),t.push({kind:`code`,text:r.text}),e=r.last;continue}a=!0}let s=It.exec(o);if(!s){r.push(o);continue}i();let c=s[1]!==void 0,l=q(o.slice(s[0].length)),u=t.at(-1);e>0&&It.test(n[e-1])&&u?.kind===`list`&&u.ordered===c?u.items.push(l):t.push({kind:`list`,ordered:c,start:Number(s[1]??1),items:[l]})}return i(),t}function q(e,t=0){let n=[],r=``,i=e=>{r&&n.push(r),r=``,n.push(e)},a=new Wt(e,t),o=0;for(;o<e.length;){let t=Vt(a,o)??Ht(a,o)??Ut(a,o);t?(i(t.part),o=t.end):(r+=e[o],o+=1)}return r&&n.push(r),n}function Bt(e,t){let n=e[t].slice(3),r=n.indexOf("```");if(r!==-1)return n.slice(r+3).trim()?void 0:{text:n.slice(0,r),last:t};for(let r=t+1;r<e.length;r+=1){let i=e[r].trimEnd();if(!i.endsWith("```"))continue;let a=/^[\w+-]*\s*$/.test(n)?[]:[n],o=i.slice(0,-3);return{text:[...a,...e.slice(t+1,r),...o?[o]:[]].join(`
`),last:r}}}function Vt(e,t){let{text:n}=e;if(n[t]!=="`")return;let r=n.startsWith("``",t)&&n[t+2]!=="`"?"``":"`",i=t+r.length,a=e.next(r,i);return a>i?{part:{kind:`code`,text:n.slice(i,a)},end:a+r.length}:void 0}function Ht(e,t){let{text:n,depth:r}=e,i=n[t];if(i===`h`&&!(t>0&&Lt.test(n[t-1]))){Ft.lastIndex=t;let e=qt(Ft.exec(n)?.[0]??``),r=z(e);return r?{part:{kind:`link`,href:r,of:[e]},end:t+e.length}:void 0}if(i===`<`){let r=e.next(`>`,t);if(r===-1||r-t>Pt)return;let[i,a]=Kt(n.slice(t+1,r)),o=/\s/.test(i)?void 0:z(i);return o?{part:{kind:`link`,href:o,of:[a||i]},end:r+1}:void 0}if(i===`[`&&r<Nt){let i=e.next(`](`,t),a=i===-1?-1:e.next(`)`,i);if(a===-1||a-t>Pt)return;let o=n.slice(t+1,i),s=o&&!o.includes(`[`)?z(n.slice(i+2,a).trim()):void 0;return s?{part:{kind:`link`,href:s,of:Gt(o,r)},end:a+1}:void 0}}function Ut(e,t){let{text:n,depth:r}=e,i=n[t];if(!(i!==`*`&&i!==`_`&&i!==`~`||r>=Nt)&&!(t>0&&(Lt.test(n[t-1])||n[t-1]===i)))for(let[a,o]of Rt){if(!n.startsWith(a,t)||e.unclosed.has(a))continue;let s=t+a.length;if(!(s>=n.length||/\s/.test(n[s])||n[s]===i))for(let t=n.indexOf(a,s+1);;t=n.indexOf(a,t+1)){if(t===-1){e.unclosed.add(a);break}let c=n[t+a.length];if(!(/\s/.test(n[t-1])||c!==void 0&&(Lt.test(c)||c===i))&&(a.length!==1||n[t-1]!==i))return{part:{kind:o,of:q(n.slice(s,t),r+1)},end:t+a.length}}}}var Wt=class{constructor(e,t){this.text=e,this.depth=t,this.unclosed=new Set,this.found=new Map}next(e,t){let n=this.found.get(e);if(n!==void 0&&(n===-1||n>=t))return n;let r=this.text.indexOf(e,t);return this.found.set(e,r),r}};function Gt(e,t){let n=e=>e.flatMap(e=>typeof e==`string`||e.kind===`code`?[e]:e.kind===`link`?n(e.of):[{...e,of:n(e.of)}]);return n(q(e,t+1))}function Kt(e){let t=e.indexOf(`|`);return t===-1?[e,``]:[e.slice(0,t),e.slice(t+1)]}function qt(e){let t=e.includes(`(`),n=e.length;for(;n>0;){let r=e[n-1];if((r!==`)`||t)&&!`.,;:!?*_~]}`.includes(r))break;--n}return e.slice(0,n)}var Jt=32,Yt=18,Xt=1600,Zt=class extends U{static{this.properties={text:{},tail:{type:Boolean},label:{},unfolded:{state:!0},copied:{state:!0}}}constructor(){super(),this.text=``,this.tail=!1,this.label=`Output`,this.unfolded=!1,this.copied=``}render(){let e=R(this.text).replace(/\n+$/,``),t=V(e),n=t>Jt,r=n&&!this.unfolded,i=r?this.fold(e,t):e,a=`Show all ${t.toLocaleString()} lines`;return w`<div class="code ${r?this.tail?`cut-top`:`cut-bottom`:``}">
      <pre tabindex="0" role="group" aria-label=${this.label}><code>${i}</code></pre>
      <button class="copy" type="button" @click=${this.copy} aria-label=${this.copied||`Copy`} title="Copy">
        ${this.copied===`Copied`?K.check:K.copy}<span class="tip" aria-hidden="true">${this.copied}</span>
      </button>
      ${n?w`<button class="fold" type="button" aria-expanded=${!r} @click=${this.toggle}>
            ${r?a:`Show less`}
          </button>`:D}
    </div>`}updated(){let e=this.querySelector(`pre`);e&&Qt.observe(e)}fold(e,t){return this.tail?e.slice(bt(e,t-Yt)):e.slice(0,bt(e,Yt)-1)}toggle(){this.unfolded=!this.unfolded,this.unfolded||this.scrollIntoView({block:`nearest`})}async copy(){try{await navigator.clipboard.writeText(R(this.text)),this.copied=`Copied`}catch{this.copied=`Not copied`}setTimeout(()=>this.copied=``,Xt)}},Qt=new ResizeObserver(e=>{for(let{target:t}of e)t.scrollWidth>t.clientWidth||t.scrollHeight>t.clientHeight?t.setAttribute(`tabindex`,`0`):t.removeAttribute(`tabindex`)});customElements.define(`bk-code`,Zt);function $t(e){return zt(R(e)).map(en)}function J(e){return q(R(e)).map(Y)}function en(e){switch(e.kind){case`text`:return w`<p class="prose">${e.of.map(Y)}</p>`;case`code`:return w`<bk-code .text=${e.text}></bk-code>`;case`list`:{let t=e.items.map(e=>w`<li>${e.map(Y)}</li>`);return e.ordered?w`<ol class="prose" start=${e.start}>${t}</ol>`:w`<ul class="prose">${t}</ul>`}}}function Y(e){if(typeof e==`string`)return e;switch(e.kind){case`bold`:return w`<strong>${e.of.map(Y)}</strong>`;case`italic`:return w`<em>${e.of.map(Y)}</em>`;case`strike`:return w`<del>${e.of.map(Y)}</del>`;case`code`:return w`<code>${e.text}</code>`;case`link`:return w`<a href=${e.href} target="_blank" rel="noopener noreferrer">${e.of.map(Y)}</a>`}}var tn={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},nn=e=>(...t)=>({_$litDirective$:e,values:t}),rn=class{constructor(e){}get _$AU(){return this._$AM._$AU}_$AT(e,t,n){this._$Ct=e,this._$AM=t,this._$Ci=n}_$AS(e,t){return this.update(e,t)}update(e,t){return this.render(...t)}},{I:an}=Ae,on=e=>e,sn=()=>document.createComment(``),X=(e,t,n)=>{let r=e._$AA.parentNode,i=t===void 0?e._$AB:t._$AA;if(n===void 0)n=new an(r.insertBefore(sn(),i),r.insertBefore(sn(),i),e,e.options);else{let t=n._$AB.nextSibling,a=n._$AM,o=a!==e;if(o){let t;n._$AQ?.(e),n._$AM=e,n._$AP!==void 0&&(t=e._$AU)!==a._$AU&&n._$AP(t)}if(t!==i||o){let e=n._$AA;for(;e!==t;){let t=on(e).nextSibling;on(r).insertBefore(e,i),e=t}}}return n},Z=(e,t,n=e)=>(e._$AI(t,n),e),cn={},ln=(e,t=cn)=>e._$AH=t,un=e=>e._$AH,dn=e=>{e._$AR(),e._$AA.remove()},fn=(e,t,n)=>{let r=new Map;for(let i=t;i<=n;i++)r.set(e[i],i);return r},pn=nn(class extends rn{constructor(e){if(super(e),e.type!==tn.CHILD)throw Error(`repeat() can only be used in text expressions`)}dt(e,t,n){let r;n===void 0?n=t:t!==void 0&&(r=t);let i=[],a=[],o=0;for(let t of e)i[o]=r?r(t,o):o,a[o]=n(t,o),o++;return{values:a,keys:i}}render(e,t,n){return this.dt(e,t,n).values}update(e,[t,n,r]){let i=un(e),{values:a,keys:o}=this.dt(t,n,r);if(!Array.isArray(i))return this.ut=o,a;let s=this.ut??=[],c=[],l,u,d=0,f=i.length-1,p=0,m=a.length-1;for(;d<=f&&p<=m;)if(i[d]===null)d++;else if(i[f]===null)f--;else if(s[d]===o[p])c[p]=Z(i[d],a[p]),d++,p++;else if(s[f]===o[m])c[m]=Z(i[f],a[m]),f--,m--;else if(s[d]===o[m])c[m]=Z(i[d],a[m]),X(e,c[m+1],i[d]),d++,m--;else if(s[f]===o[p])c[p]=Z(i[f],a[p]),X(e,i[d],i[f]),f--,p++;else if(l===void 0&&(l=fn(o,p,m),u=fn(s,d,f)),l.has(s[d])){if(l.has(s[f])){let t=u.get(o[p]),n=t===void 0?null:i[t];if(n===null){let t=X(e,i[d]);Z(t,a[p]),c[p]=t}else c[p]=Z(n,a[p]),X(e,i[d],n),i[t]=null;p++}else dn(i[f]),f--}else dn(i[d]),d++;for(;p<=m;){let t=X(e,c[m+1]);Z(t,a[p]),c[p++]=t}for(;d<=f;){let e=i[d++];e!==null&&dn(e)}return this.ut=o,ln(e,c),E}}),Q=200,mn=200,hn=360,gn=class extends U{static{this.properties={label:{},groups:{attribute:!1},values:{attribute:!1},known:{attribute:!1},multiple:{type:Boolean},load:{attribute:!1},disabled:{type:Boolean},open:{state:!0},query:{state:!0},active:{state:!0},chosen:{state:!0},loaded:{state:!0},problem:{state:!0}}}constructor(){super(),this.list=Dt(),this.asked=0,this.place=e=>{let t=this.querySelector(`.menu`);if(!t||e?.target instanceof Node&&t.contains(e.target))return;let n=this.querySelector(`button`).getBoundingClientRect(),r=innerHeight-n.bottom-12,i=n.top-12,a=r>=Math.min(hn,t.scrollHeight)||r>=i,o=Math.min(hn,a?r:i);t.style.maxHeight=`${Math.max(160,o)}px`,t.style.left=`${Math.max(8,Math.min(n.left,innerWidth-t.offsetWidth-8))}px`,t.style.top=a?`${n.bottom+4}px`:`${Math.max(8,n.top-4-t.offsetHeight)}px`},this.label=``,this.groups=[],this.values=[],this.known=[],this.multiple=!1,this.disabled=!1,this.open=!1,this.query=``,this.active=0,this.chosen=[],this.problem=``}disconnectedCallback(){super.disconnectedCallback(),removeEventListener(`scroll`,this.place,!0),removeEventListener(`resize`,this.place)}render(){let e=this.values.map(e=>this.nameOf(e)),t=e.length>2?`${e.length} chosen`:e.join(`, `);return w`<button
        class="control select"
        type="button"
        ?disabled=${this.disabled}
        aria-haspopup="listbox"
        aria-expanded=${this.open}
        @click=${this.toggle}
      >
        ${this.label?w`<span class="name">${R(this.label)}</span>`:D}
        <span class="value ${t?``:`empty`}">${t||`Choose`}</span>${K.down}
      </button>
      ${this.open?this.menu():D}`}menu(){let e=this.items(),t=this.all(),n=e.slice(0,Q),r=n[this.active];return w`<div class="menu" popover="auto" @toggle=${this.toggled} @keydown=${this.key}>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls=${this.list}
        aria-activedescendant=${r?.id??D}
        aria-label=${`Search ${R(this.label)||`options`}`}
        placeholder="Search"
        autocomplete="off"
        spellcheck="false"
        .value=${this.query}
        @input=${this.search}
      />
      <div
        class="options"
        id=${this.list}
        role="listbox"
        tabindex="-1"
        aria-label=${R(this.label)||`Options`}
        aria-multiselectable=${this.multiple?`true`:D}
      >
        ${t.map((e,t)=>{let i=n.filter(e=>e.group===t);if(!i.length)return D;let a=pn(i,e=>e.id,e=>this.row(e,e===r));return e.name?w`<div role="group" aria-label=${R(e.name)}>
                <div class="group" aria-hidden="true">${R(e.name)}</div>
                ${a}
              </div>`:a})}
      </div>
      ${this.hint(e.length)}
      ${this.multiple?w`<div class="confirm">
            <span class="muted" role="status">${this.chosen.length} chosen</span>
            <button class="control" type="button" @click=${this.close}>Cancel</button>
            <button class="control primary" type="button" @click=${()=>this.choose(this.chosen)}>Apply</button>
          </div>`:D}
    </div>`}row(e,t){let n=(this.multiple?this.chosen:this.values).includes(e.value);return w`<div
      id=${e.id}
      class="option ${t?`active`:``}"
      role="option"
      aria-selected=${n}
      @click=${()=>this.pick(e)}
    >
      <span class="tick ${this.multiple?`box`:``}">${n?K.check:D}</span>
      <span class="text">${e.name}</span>
    </div>`}hint(e){let t=this.load&&!this.loaded&&!this.problem,n=this.problem||(t?`Asking the plugin…`:e>Q?`${Q} of ${e.toLocaleString()} shown. Type to narrow them.`:e?``:`Nothing fits.`);return n?w`<div class="hint" role="status">${R(n)}</div>`:D}all(){return this.loaded??this.groups}items(){let e=this.load?``:this.query.trim().toLowerCase();return this.all().flatMap((t,n)=>(t.options??[]).flatMap(({name:t,value:r},i)=>{let a={id:`${this.list}-${n}-${i}`,name:R(t)||R(r),value:r??``,group:n};return!e||a.name.toLowerCase().includes(e)||a.value.toLowerCase().includes(e)?[a]:[]}))}nameOf(e){return R([...this.known,...this.groups.flatMap(e=>e.options??[]),...(this.loaded??[]).flatMap(e=>e.options??[])].find(t=>(t.value??``)===e)?.name)||R(e)}async toggle(){if(this.open)return this.close();this.open=!0,this.query=``,this.chosen=[...this.values],this.loaded=void 0,this.problem=``,this.active=Math.max(0,this.items().findIndex(e=>this.values.includes(e.value))),this.ask(),await this.updateComplete,this.querySelector(`.menu`)?.showPopover(),this.place(),addEventListener(`scroll`,this.place,!0),addEventListener(`resize`,this.place),this.querySelector(`input`)?.focus(),this.reveal()}close(){this.querySelector(`.menu`)?.hidePopover()}toggled(e){e.newState===`closed`&&(this.open=!1,clearTimeout(this.typing),removeEventListener(`scroll`,this.place,!0),removeEventListener(`resize`,this.place))}search(e){this.query=e.target.value,this.active=0,this.load&&(clearTimeout(this.typing),this.typing=setTimeout(()=>void this.ask(),mn))}async ask(){if(!this.load)return;let e=++this.asked,t=await this.load(this.query);e===this.asked&&this.open&&(this.problem=typeof t==`string`?t:``,this.loaded=typeof t==`string`?void 0:t,await this.updateComplete,this.place())}key(e){let t=Math.min(this.items().length,Q)-1,n=e.target.tagName===`INPUT`,r={ArrowDown:this.active>=t?0:this.active+1,ArrowUp:this.active<=0?t:this.active-1,PageDown:Math.min(t,this.active+8),PageUp:Math.max(0,this.active-8)}[e.key];if(r!==void 0&&n)this.active=Math.max(0,r),this.updateComplete.then(()=>this.reveal());else if(e.key===`Enter`&&n){let e=this.items()[this.active];e&&this.pick(e)}else return;e.preventDefault(),e.stopPropagation()}reveal(){this.querySelector(`.option.active`)?.scrollIntoView({block:`nearest`})}pick(e){if(!this.multiple)return this.choose([e.value]);let t=this.chosen.includes(e.value);this.chosen=t?this.chosen.filter(t=>t!==e.value):[...this.chosen,e.value]}choose(e){this.close(),this.querySelector(`button`)?.focus(),this.dispatchEvent(new CustomEvent(`choose`,{detail:e}))}};customElements.define(`bk-select`,gn);function _n(e,t){let n=ft(e.timestamp);return[vn(e.baseBody,t),...(e.sections??[]).map((e,n)=>yn(e,n,t)),wn(e.plaintextInputs,`m`,t),n?w`<p class="context"><time datetime=${n.toISOString()}>${vt(n)}</time></p>`:D]}function vn(e,t){return!e?.plaintext&&!e?.codeBlock?D:w`${e.plaintext?$t(e.plaintext):D}${e.codeBlock?w`<bk-code .text=${e.codeBlock} ?tail=${t?.tail??!1}></bk-code>`:D}`}function yn(e,t,n){let r=(e.buttons??[]).map((e,n)=>({button:e,id:W.button(t,n)})),i=r.filter(({button:e})=>e.description),a=r.filter(({button:e})=>!e.description),o=t>0&&e.style?.divider!==`none`,s=(e.selects?.items??[]).map((e,r)=>Sn(e,W.select(t,r),n)),c=(e.textFields??[]).filter(({key:e,value:t})=>e||t),l=(e.bulletLists??[]).filter(({items:e})=>e?.length);return w`<section class="section ${o?`divided`:``}">
    ${e.header?w`<h2>${J(e.header)}</h2>`:D}
    ${e.description?w`<div class="description">${$t(e.description)}</div>`:D}
    ${c.length?w`<dl class="fields">
          ${c.map(({key:e,value:t})=>w`<div><dt>${J(e)}</dt><dd>${J(t)}</dd></div>`)}
        </dl>`:D}
    ${vn(e.body)}
    ${l.map(({title:e,items:t})=>w`${e?w`<h3>${J(e)}</h3>`:D}
          <ul class="prose">${t?.map(e=>w`<li>${J(e)}</li>`)}</ul>`)}
    ${i.length?w`<ul class="rows">
          ${i.map(({button:e,id:t})=>w`<li><span class="about">${xn(e)}</span>${bn(e,t,n)}</li>`)}
        </ul>`:D}
    ${a.length||s.length?w`<div class="row">${s}${a.map(({button:e,id:t})=>bn(e,t,n))}</div>`:D}
    ${e.multiSelect?.options?.length?Cn(e.multiSelect,W.multi(t),n):D}
    ${wn(e.plaintextInputs,t,n)}
    ${(e.context??[]).map(({text:e})=>e?w`<p class="context">${J(e)}</p>`:D)}
  </section>`}function bn(e,t,n){let r=e.style===`primary`||e.style===`danger`?e.style:``,i=R(e.name)||R(e.command)||R(e.url);if(e.command?.trim()||!e.url)return w`<button
      class="control ${r}"
      type="button"
      ?disabled=${n.disabled||!e.command?.trim()}
      aria-busy=${n.busy.has(t)}
      title=${R(e.command)}
      data-control=${t}
      @click=${()=>n.press(t,[])}
    >
      <bdi>${i}</bdi>
    </button>`;let a=z(e.url);return a?w`<a class="control ${r}" href=${a} target="_blank" rel="noopener noreferrer" title=${a}>
        <bdi>${i}</bdi>${K.link}
      </a>`:w`<button class="control" type="button" disabled title=${`Not a web address: ${R(e.url)}`}>
        <bdi>${i}</bdi>
      </button>`}function xn(e){let t=R(e.description);switch(e.descriptionStyle){case`bold`:return w`<strong>${t}</strong>`;case`italic`:return w`<em>${t}</em>`;case`text`:return w`${J(e.description)}`;default:return w`<code>${t}</code>`}}function Sn(e,t,n){let r=e.initialOption,i=n.entered[t]??(r?[r.value??``]:[]);return w`<bk-select
    .label=${e.name??``}
    .groups=${e.optionGroups??[]}
    .known=${r?[r]:[]}
    .values=${i}
    .load=${e.type===`external`&&!n.disabled?e=>n.options(t,e):void 0}
    ?disabled=${n.disabled}
    aria-busy=${n.busy.has(t)}
    data-control=${t}
    @choose=${({detail:r})=>{n.hold(t,r),e.command?.trim()&&!n.form&&n.press(t,r)}}
  ></bk-select>`}function Cn(e,t,n){let r=(e.initialOptions??[]).map(e=>e.value??``);return w`<div class="multi">
    ${vn(e.description)}
    <bk-select
      multiple
      .label=${e.name??``}
      .groups=${[{options:e.options??[]}]}
      .known=${e.initialOptions??[]}
      .values=${n.entered[t]??r}
      ?disabled=${n.disabled}
      aria-busy=${n.busy.has(t)}
      data-control=${t}
      @choose=${({detail:r})=>{n.hold(t,r),e.command?.trim()&&!n.form&&n.press(t,r)}}
    ></bk-select>
  </div>`}function wn(e,t,n){return e?.length?w`<div class="inputs">${e.map((e,r)=>Tn(e,W.input(t,r),n))}</div>`:D}function Tn(e,t,n){let r=e.dispatchedAction===`on_enter_pressed`,i=e.dispatchedAction===`on_character_entered`,a=!n.form&&!!e.command?.trim(),o=e=>e.target.value;return w`<label class="input">
    <span class="name">${R(e.text)||`Input`}</span>
    <span class="field">
      <input
        type="text"
        autocomplete="off"
        placeholder=${R(e.placeholder)}
        ?disabled=${n.disabled}
        aria-busy=${n.busy.has(t)}
        data-control=${t}
        .value=${n.entered[t]?.[0]??``}
        @input=${e=>{n.hold(t,[o(e)]),a&&i&&n.typed(t,o(e))}}
        @keydown=${e=>{e.key===`Enter`&&!e.isComposing&&a&&(r||i)&&(e.preventDefault(),n.press(t,[o(e)]))}}
      />
      ${a&&r?w`<kbd aria-hidden="true">Enter</kbd>`:D}
    </span>
  </label>`}function En(e){return w`<time datetime=${new Date(e).toISOString()} title=${vt(e)}>${_t(e)}</time>`}var Dn=24,On=12,kn=300,An={succeeded:{icon:K.check,text:``},failed:{icon:K.alert,text:`failed after `},refused:{icon:K.ban,text:`refused`},cancelled:{icon:K.stop,text:`cancelled after `},timedOut:{icon:K.clock,text:`timed out after `}},jn={buttonClick:`pressed a button`,selectValueChange:`chose an option`,multiSelectValueChange:`chose options`,plainTextInput:`filled in a field`},Mn=class extends U{static{this.properties={entry:{attribute:!1},channel:{},session:{attribute:!1},first:{type:Boolean,reflect:!0},tail:{type:Boolean},entered:{state:!0},busy:{state:!0},unfolded:{state:!0}}}constructor(){super(),this.lastTyped=``,this.channel=``,this.first=!0,this.tail=!1,this.entered={},this.busy=new Set,this.unfolded=!1}connectedCallback(){super.connectedCallback(),this.role=`article`}disconnectedCallback(){super.disconnectedCallback(),clearInterval(this.ticking),clearTimeout(this.typing),this.ticking=void 0}willUpdate(e){let t=e.get(`entry`);t&&this.entry.message!==t.message&&(this.entered=kt(this.entered,t.message,this.entry.message));let n=!!(this.entry.live&&`running`in this.entry.live.state);this.ariaBusy=String(n),this.dataset.id=this.entry.id,this.ariaLabel=`${R(this.entry.by.name)||`Somebody`}, ${new Date(this.entry.at).toLocaleTimeString()}`,n&&!this.ticking&&this.isConnected&&(this.ticking=setInterval(()=>this.requestUpdate(),1e3)),n||(clearInterval(this.ticking),this.ticking=void 0)}render(){let{entry:e}=this;return w`<div class="gutter">
        ${this.first?Nn(e.by):w`<span class="stamp">${En(e.at)}</span>`}
      </div>
      <div class="content">
        ${this.first?w`<div class="by">
              <bdi class="author">${R(e.by.name)||`Somebody`}</bdi>
              ${e.by.bot?w`<span class="badge">app</span>`:D} ${En(e.at)}
            </div>`:D}
        ${e.onlyFor?w`<p class="private">${K.eye} Only visible to you</p>`:D}
        ${e.header||e.live?w`<div class="head">
              ${e.header?w`<span class="command">${J(e.header)}</span>`:D}
              ${e.live?this.live(e.live):D}
            </div>`:D}
        ${e.text===void 0?D:this.said(R(e.text))}
        ${e.message?_n(e.message,this.hands()):D} ${e.file?this.file(e.file):D}
      </div>`}said(e){let t=jn[this.entry.how??``];if(t)return w`<p class="used"><span>${t}</span> <code>${e}</code></p>`;let n=V(e),r=n>Dn&&!this.unfolded;return w`<p class="said">${r?e.slice(0,bt(e,On)-1):e}</p>
      ${n>Dn?w`<button class="fold" type="button" aria-expanded=${!r} @click=${()=>this.unfolded=!this.unfolded}>
            ${r?`Show all ${n.toLocaleString()} lines`:`Show less`}
          </button>`:D}`}live({command:e,since:t,state:n}){if(`running`in n)return w`<span class="live running">
        <span class="spinner" aria-hidden="true"></span>
        <span role="timer" aria-label="Running">${dt(Date.now()-t)}</span>
        ${n.running?w`<span class="progress">${J(n.running)}</span>`:D}
        <button
          class="control small"
          type="button"
          ?disabled=${!this.session}
          aria-busy=${this.busy.has(`cancel`)}
          aria-label=${`Cancel ${R(this.entry.header).replaceAll("`",``)||e}`}
          @click=${()=>this.use(`cancel`,()=>this.session.cancel(this.channel,e))}
        >
          Cancel
        </button>
      </span>`;let{status:r,tookMs:i}=n.ended,{icon:a,text:o}=An[r]??{icon:D,text:`${r} `};return w`<span class="live ${r}" title=${`${e} ${r}`}>
      ${a}<span class="visually-hidden">${r===`succeeded`?`succeeded in `:``}</span>${o}${r===`refused`?D:ut(i)}
    </span>`}file(e){let t=R(e.name)||`file`,n=this.session&&lt(e.url,location.href),r=w`${K.file}<bdi>${t}</bdi><span class="muted">${B(e.size)}</span>`;return n?w`<a class="file" href=${n} target="_blank" rel="noopener noreferrer">${r}</a>`:w`<span class="file">${r}</span>`}hands(){let{session:e,channel:t,entry:n}=this,r=(r,i)=>{clearTimeout(this.typing),this.use(r,()=>e.press(t,n.id,r,i,this.entered))};return{disabled:!e,form:!1,entered:this.entered,busy:this.busy,tail:this.tail,press:r,hold:(e,t)=>this.entered={...this.entered,[e]:t},typed:(e,t)=>{clearTimeout(this.typing),this.typing=setTimeout(()=>{t.trim()!==this.lastTyped&&(this.lastTyped=t.trim(),r(e,[t]))},kn)},options:(r,i)=>e?.options(t,n.id,r,i)??Promise.resolve([])}}async use(e,t){if(!this.session||this.busy.has(e))return;this.busy=new Set(this.busy).add(e),await t();let n=new Set(this.busy);n.delete(e),this.busy=n}};function Nn(e){if(e.bot)return w`<span class="avatar bot">${K.bot}</span>`;let t=0;for(let n of e.id)t=(t*31+n.codePointAt(0))%997;let n=R(e.name).trim().split(/\s+/),r=[n[0],n.length>1?n.at(-1):``].map(e=>[...e??``][0]??``).join(``);return w`<span class="avatar hue-${t%6}" aria-hidden="true">${r.toUpperCase()||`?`}</span>`}customElements.define(`bk-entry`,Mn);var Pn=60,Fn=8,In=8192,Ln=class extends U{static{this.properties={channel:{},label:{},history:{attribute:!1},complete:{attribute:!1},text:{state:!0},items:{state:!0},active:{state:!0},problem:{state:!0}}}constructor(){super(),this.list=Dt(),this.unsent=new Map,this.asked=0,this.back=0,this.own=``,this.channel=``,this.label=``,this.text=``,this.items=[],this.active=-1,this.problem=``}willUpdate(e){let t=e.get(`channel`);t!==void 0&&t!==this.channel&&(this.unsent.set(t,this.text),this.write(this.unsent.get(this.channel)??``))}firstUpdated(){matchMedia(`(hover: hover)`).matches&&document.activeElement===document.body&&this.focus()}fill(e){this.write(e),this.updateComplete.then(()=>{this.area.focus(),this.area.setSelectionRange(e.length,e.length)})}focus(){this.area.focus()}render(){let e=this.items.length>0,t=this.items[this.active],n=V(this.text);return w`<div class="composer">
      ${e?w`<div class="completions" id=${this.list} role="listbox" aria-label="Completions">
            ${this.items.map((e,t)=>w`<div
                  id=${`${this.list}-${t}`}
                  class="option ${t===this.active?`active`:``}"
                  role="option"
                  aria-selected=${t===this.active}
                  @mousedown=${e=>e.preventDefault()}
                  @click=${()=>this.take(e)}
                >
                  <code>${R(e.text)}</code><span class="muted">${R(e.about)}</span>
                </div>`)}
            <div class="hint" aria-hidden="true"><kbd>Tab</kbd> completes <kbd>↑</kbd><kbd>↓</kbd> choose <kbd>Esc</kbd> closes</div>
          </div>`:D}
      <span class="visually-hidden" role="status">${e?`${this.items.length} completions`:``}</span>
      ${this.problem?w`<p class="problem" role="alert">${K.alert} ${this.problem}</p>`:D}
      <div class="write">
        <textarea
          id="composer"
          rows=${Math.min(n,12)}
          aria-label=${`Message ${R(this.label)}`}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls=${e?this.list:D}
          aria-activedescendant=${t?`${this.list}-${this.active}`:D}
          placeholder=${`Message ${R(this.label)}`}
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          .value=${this.text}
          @input=${this.typed}
          @keydown=${this.key}
          @paste=${this.paste}
          @blur=${this.shut}
        ></textarea>
        <button
          class="control primary send"
          type="button"
          aria-label="Send"
          title="Send (Enter)"
          ?disabled=${!this.text.trim()}
          @click=${this.send}
        >
          ${K.send}
        </button>
      </div>
      <p class="keys" aria-hidden="true">
        ${n>1?w`<span>${n.toLocaleString()} lines, ${B(this.text.length)}</span>`:w`<span><kbd>/</kbd> to write</span>`}
        <span><kbd>Enter</kbd> sends</span><span><kbd>Shift</kbd> <kbd>Enter</kbd> new line</span><span><kbd>↑</kbd> history</span>
      </p>
    </div>`}typed(){this.text=this.area.value,this.problem=``,this.back=0,clearTimeout(this.typing),this.typing=setTimeout(()=>void this.ask(),Pn)}async ask(){let{text:e}=this,t=++this.asked,n=e.trim()&&e.length<500&&!e.includes(`
`)&&this.area.selectionStart===e.length?await this.complete(e):[];t===this.asked&&this.text===e&&document.activeElement===this.area&&(this.items=n.filter(t=>t.text!==e).slice(0,Fn),this.active=-1)}key(e){if(e.isComposing)return;let{key:t,shiftKey:n}=e,r=this.items.length>0,i=!e.altKey&&!e.ctrlKey&&!e.metaKey;if(t===`Escape`&&r)this.shut();else if(t===`Tab`&&r&&!n&&i)this.take(this.items[Math.max(0,this.active)]);else if(t===`ArrowDown`&&r&&i)this.move(1);else if(t===`ArrowUp`&&r&&i&&this.active>=0)this.move(-1);else if(t===`ArrowUp`&&i&&this.isFirstLine())this.recall(1);else if(t===`ArrowDown`&&i&&this.back>0)this.recall(-1);else if(t===`Enter`&&!n&&i)r&&this.active>=0?this.take(this.items[this.active]):this.send();else return;e.preventDefault(),e.stopPropagation()}move(e){let t=this.items.length;this.active=(this.active+e+t)%t,this.updateComplete.then(()=>this.querySelector(`.option.active`)?.scrollIntoView({block:`nearest`}))}recall(e){let t=this.history(),n=this.back+e;if(n>t.length)return;this.back===0&&(this.own=this.text);let r=n===0?this.own:t.at(-n);this.fill(r),this.back=n}isFirstLine(){return(this.text===``||this.back>0)&&!this.area.value.slice(0,this.area.selectionStart).includes(`
`)}take(e){this.fill(e.text),clearTimeout(this.typing),this.updateComplete.then(()=>this.ask())}paste(e){let t=e.clipboardData?.getData(`text/plain`)??``,{area:n}=this,r=this.text.length-(n.selectionEnd-n.selectionStart);if(t.length<In)return;if(e.preventDefault(),$(t)+r<=262144){n.setRangeText(t,n.selectionStart,n.selectionEnd,`end`),this.typed();return}let i=V(t);this.problem=`Nothing was pasted: that is ${B($(t))} in ${i.toLocaleString()} lines, and one message holds at most ${B(tt)}. Paste it in parts.`}send(){let e=this.area.value.trim();e&&($(e)>262144?this.problem=`Not sent: that is ${B($(e))}, and one message holds at most ${B(tt)}.`:(this.write(``),this.dispatchEvent(new CustomEvent(`say`,{detail:e}))))}write(e){this.text=e,this.problem=``,this.back=0,this.shut()}shut(){this.asked+=1,clearTimeout(this.typing),this.items=[],this.active=-1}get area(){return this.querySelector(`textarea`)}};function $(e){return e.length*3<=262144?e.length:new TextEncoder().encode(e).length}customElements.define(`bk-composer`,Ln);var Rn=class extends U{constructor(...e){super(...e),this.heading=Dt()}firstUpdated(){let e=this.querySelector(`dialog`);e.showModal(),this.updateComplete.then(()=>e.querySelector(`input, .body button:not([disabled])`)?.focus())}close(){this.dispatchEvent(new Event(`closed`))}enter(e,t){let{target:n}=e;e.key!==`Enter`||e.isComposing||!(n instanceof HTMLInputElement)||n.role||(e.preventDefault(),t())}},zn=class extends Rn{static{this.properties={form:{attribute:!1},session:{attribute:!1},entered:{state:!0}}}constructor(){super(),this.sent=!1,this.entered={}}render(){let{entry:e,channel:t}=this.form,n=e.message??{},r=jt(n,this.entered).length>0,i={disabled:!1,form:!0,entered:this.entered,busy:new Set,tail:!1,hold:(e,t)=>this.entered={...this.entered,[e]:t},press:(e,t)=>this.send([{id:e,values:t}]),typed:()=>{},options:(n,r)=>this.session.options(t,e.id,n,r)},a=()=>this.send(jt(n,this.entered));return w`<dialog aria-labelledby=${this.heading} @close=${this.close} @keydown=${e=>this.enter(e,a)}>
      <h2 id=${this.heading}>${e.header?J(e.header):`Form`}</h2>
      <div class="body">${_n(n,i)}</div>
      <div class="confirm">
        <button class="control" type="button" @click=${this.close}>Cancel</button>
        <button class="control primary" type="button" ?disabled=${!r} @click=${a}>Apply</button>
      </div>
    </dialog>`}send(e){if(this.sent||!e.length)return;this.sent=!0;let{channel:t,entry:n}=this.form;for(let{id:r,values:i}of e)this.session.press(t,n.id,r,i,this.entered);this.close()}},Bn=class extends Rn{static{this.properties={name:{},text:{state:!0}}}render(){let e=this.text??this.name,t=()=>{let t=e.trim();t&&this.dispatchEvent(new CustomEvent(`named`,{detail:t}))};return w`<dialog class="narrow" aria-labelledby=${this.heading} @close=${this.close} @keydown=${e=>this.enter(e,t)}>
      <h2 id=${this.heading}>${this.name?`Your name`:`What is your name?`}</h2>
      <div class="body">
        <p class="muted">Others in the channels see it beside what you say. Nobody checks it.</p>
        <label class="input">
          <span class="name">Name</span>
          <input
            type="text"
            maxlength=${64}
            autocomplete="name"
            .value=${e}
            @input=${e=>this.text=e.target.value}
          />
        </label>
      </div>
      <div class="confirm">
        ${this.name?w`<button class="control" type="button" @click=${this.close}>Cancel</button>`:D}
        <button class="control primary" type="button" ?disabled=${!e.trim()} @click=${t}>Save</button>
      </div>
    </dialog>`}};customElements.define(`bk-form`,zn),customElements.define(`bk-name`,Bn);var Vn=16,Hn=80,Un=3e5,Wn=48,Gn=class extends U{static{this.properties={entries:{attribute:!1},drafts:{attribute:!1},channel:{},label:{},session:{attribute:!1},grew:{attribute:!1},unread:{type:Number},divider:{},shown:{state:!0},stuck:{state:!0}}}constructor(){super(),this.lastTop=0,this.growing=0,this.sizes=new ResizeObserver(()=>this.stick()),this.toEnd=()=>{this.stuck=!0,this.stick()},this.entries=[],this.drafts=[],this.channel=``,this.label=`Messages`,this.grew=new Set,this.unread=0,this.shown=Vn,this.stuck=!0}firstUpdated(){this.sizes.observe(this.scroller),this.sizes.observe(this.querySelector(`.list`))}disconnectedCallback(){super.disconnectedCallback(),this.sizes.disconnect(),clearTimeout(this.growing)}willUpdate(e){e.has(`channel`)&&e.get(`channel`)!==void 0&&(this.shown=Vn,this.stuck=!0)}updated(e){this.stick(),this.shown<this.entries.length&&!this.growing&&(this.growing=window.setTimeout(()=>{this.growing=0,this.shown+=Hn},30)),e.has(`stuck`)&&this.dispatchEvent(new Event(`stuck`))}render(){let e=Math.max(0,this.entries.length-this.shown),t=Date.now();return w`<div
        class="scroll"
        role="log"
        tabindex="0"
        aria-label=${this.label}
        aria-live="polite"
        aria-relevant="additions"
        aria-busy=${e>0}
        @scroll=${this.scrolled}
      >
        <div class="list">
          ${pn(this.entries.slice(e),e=>e.id,(n,r)=>this.row(n,this.entries[e+r-1],t))}
          ${this.drafts.map(e=>this.draft(e))}
          
        </div>
      </div>
      ${this.stuck?D:w`<button class="chip" type="button" @click=${this.toEnd}>
            ${K.arrowDown}${this.unread?`${this.unread} new ${this.unread===1?`message`:`messages`}`:`To the newest`}
          </button>`}`}row(e,t,n){let r=yt(e.at,n),i=!t||yt(t.at,n)!==r,a=e.id===this.divider,o=i||a||t.by.id!==e.by.id||t.onlyFor!==e.onlyFor||e.at-t.at>Un;return w`${i?w`<div class="day" role="separator" aria-label=${r}><span>${r}</span></div>`:D}${a?w`<div class="day new" role="separator" aria-label="New messages"><span>New</span></div>`:D}<bk-entry
        ?first=${o}
        .entry=${e}
        .channel=${this.channel}
        .session=${this.session}
        .tail=${this.grew.has(e.id)}
      ></bk-entry>`}draft(e){let t=t=>()=>this.dispatchEvent(new CustomEvent(t,{detail:e}));return w`<div class="draft ${e.reason?`failed`:``}" role="article" aria-label="Not sent yet">
      <p class="said">${R(e.text.length>2e3?`${e.text.slice(0,2e3)}…`:e.text)}</p>
      ${e.reason?w`<p class="reason">
            <span class="why">${K.alert}<span>Not sent: ${R(e.reason)}</span></span>
            <button class="control small" type="button" @click=${t(`edit`)}>Edit</button>
            <button class="control small" type="button" @click=${t(`forget`)}>Remove</button>
          </p>`:w`<p class="waiting"><span class="spinner" aria-hidden="true"></span> Waiting for the agent</p>`}
    </div>`}stick(){this.stuck&&(this.scroller.scrollTop=this.scroller.scrollHeight,this.lastTop=this.scroller.scrollTop)}scrolled(){let{scrollTop:e,scrollHeight:t,clientHeight:n}=this.scroller;t-e-n<Wn?this.stuck=!0:e<this.lastTop-1&&(this.stuck=!1),this.lastTop=e}get scroller(){return this.querySelector(`.scroll`)}};customElements.define(`bk-timeline`,Gn);var Kn={system:{icon:K.screen,text:`as the system`},light:{icon:K.sun,text:`light`},dark:{icon:K.moon,text:`dark`}},qn=class extends U{static{this.properties={session:{attribute:!1},still:{attribute:!1},active:{state:!0},drawer:{state:!0},naming:{state:!0},divider:{state:!0},tries:{state:!0},theme:{state:!0}}}constructor(){super(),this.triedFor=``,this.seen=()=>{let{session:e,open:t}=this;if(!e||!t)return;let n=this.querySelector(`bk-timeline`);document.visibilityState===`visible`&&(!n||n.stuck)?e.store.markRead(t.alias)&&this.requestUpdate():e.store.room(t.alias).unread.size===1&&(this.divider=this.firstUnread(t.alias))},this.key=e=>{let{target:t,key:n}=e;if(document.querySelector(`dialog[open]`))return;n===`Escape`&&this.closeDrawer();let r=t instanceof HTMLInputElement||t instanceof HTMLTextAreaElement,i=!e.ctrlKey&&!e.metaKey&&!e.altKey;(n===`/`&&i&&!r||n.toLowerCase()===`k`&&(e.ctrlKey||e.metaKey))&&this.composer&&(e.preventDefault(),this.composer.focus())},this.active=decodeURIComponent(location.hash.replace(/^#\/?/,``)),this.drawer=!1,this.naming=!1,this.tries=[],this.theme=St()}connectedCallback(){super.connectedCallback(),document.addEventListener(`keydown`,this.key),document.addEventListener(`visibilitychange`,this.seen)}disconnectedCallback(){super.disconnectedCallback(),document.removeEventListener(`keydown`,this.key),document.removeEventListener(`visibilitychange`,this.seen)}render(){return this.still?this.stillPage(this.still):this.session?this.page(this.session):D}updated(){this.seen(),this.suggest();let{session:e}=this;if(!e)return;let t=e.store.unread(),n=e.store.cluster?` ${R(e.store.cluster)}`:``;document.title=`${t?`(${t}) `:``}${this.open?`#${R(this.open.name)} · `:``}Botkube${n}`}stillPage(e){return w`<main class="main still">
      <header class="top"><h1>${Jn()}</h1><span class="space"></span>${this.themeButton()}</header>
      <bk-timeline label="Messages" .entries=${e}></bk-timeline>
    </main>`}page(e){let{store:t,link:n}=e,{open:r}=this,i=t.person.id!==``;return w`<div class="app ${this.drawer?`drawer`:``}">
      ${this.channels(e)}
      <div class="shade" @click=${this.closeDrawer}></div>
      <main class="main">
        <header class="top">
          <button
            class="control ghost burger"
            type="button"
            aria-label="Channels"
            aria-expanded=${this.drawer}
            @click=${this.openDrawer}
          >
            ${K.menu}${this.othersUnread()?w`<span class="dot"></span>`:D}
          </button>
          <h1>${r?w`<span class="hash" aria-hidden="true">#</span><bdi>${R(r.name)}</bdi>`:`Botkube`}</h1>
          <span class="space"></span>
          ${r?Yn(r):D} ${Xn(n.state)}
        </header>
        ${Zn(n.state,()=>n.hurry())}
        ${r?w`<bk-timeline
                .channel=${r.alias}
                .label=${`Messages in ${R(r.name)}`}
                .entries=${t.room(r.alias).entries}
                .drafts=${e.drafts(r.alias)}
                .session=${e}
                .grew=${t.grew}
                .unread=${t.room(r.alias).unread.size}
                .divider=${this.divider}
                @stuck=${this.seen}
                @edit=${({detail:t})=>{e.forget(t),this.composer?.fill(t.text)}}
                @forget=${({detail:t})=>e.forget(t)}
              ></bk-timeline>
              ${this.empty(e,r)}
              <bk-composer
                .channel=${r.alias}
                .label=${`#${r.name}`}
                .history=${()=>this.history(e,r.alias)}
                .complete=${t=>e.complete(r.alias,t)}
                @say=${({detail:t})=>this.say(e,r.alias,t)}
              ></bk-composer>`:w`<div class="blank">
              <p>${i?`This agent has no channels. Name one under communications.<group>.console.channels.`:`Connecting to the agent…`}</p>
            </div>`}
      </main>
      <div class="notices" role="alert">
        ${e.notices.map(({id:t,text:n})=>w`<div class="notice">
              ${K.alert}<span>${R(n)}</span>
              <button class="control ghost" type="button" aria-label="Close" @click=${()=>e.dismiss(t)}>${K.cross}</button>
            </div>`)}
      </div>
      ${e.form?w`<bk-form .session=${e} .form=${e.form} @closed=${()=>e.closeForm()}></bk-form>`:i&&(this.naming||!t.person.name)&&r?w`<bk-name
              .name=${t.person.name}
              @closed=${()=>this.naming=!1}
              @named=${({detail:t})=>{this.naming=!1,e.name(t),this.composer?.focus()}}
            ></bk-name>`:D}
    </div>`}channels(e){let{store:t}=e;return w`<nav class="side" aria-label="Channels" @keydown=${this.rove}>
      <div class="head">${Jn()}${t.cluster?w`<span class="badge"><bdi>${R(t.cluster)}</bdi></span>`:D}</div>
      <ul class="channels">
        ${t.channels.map(e=>{let n=t.room(e.alias).unread.size,r=e.alias===this.open?.alias;return w`<li>
            <button
              type="button"
              class="channel ${n?`unread`:``}"
              aria-current=${r?`page`:D}
              tabindex=${r||!this.open?0:-1}
              @click=${()=>this.show(e.alias)}
            >
              <span class="hash" aria-hidden="true">#</span><bdi>${R(e.name)}</bdi>
              ${n?w`<span class="count">${n>99?`99+`:n}<span class="visually-hidden"> unread</span></span>`:D}
            </button>
          </li>`})}
      </ul>
      <div class="foot">
        <button class="person" type="button" title="Change your name" ?disabled=${!t.person.id} @click=${()=>this.naming=!0}>
          ${Nn(t.person)}<bdi>${R(t.person.name)||`Your name`}</bdi>
        </button>
        ${this.themeButton()}
      </div>
    </nav>`}empty(e,t){return e.store.room(t.alias).entries.length||e.drafts(t.alias).length||e.link.state.is!==`open`?D:w`<div class="blank">
      <span class="avatar bot large">${K.bot}</span>
      <h2>Nothing said in <bdi>#${R(t.name)}</bdi> yet</h2>
      <p>Type a command below. The answer comes here, and buttons in it work.</p>
      ${this.tries.length?w`<div class="row">
            ${this.tries.map(({text:e,about:t})=>w`<button class="control" type="button" title=${R(t)} @click=${()=>this.composer?.fill(e)}>
                  <code>${R(e)}</code>
                </button>`)}
          </div>`:D}
    </div>`}themeButton(){let{icon:e,text:t}=Kn[this.theme],n=`Colours: ${t}`;return w`<button class="control ghost" type="button" title=${n} aria-label=${n} @click=${()=>this.theme=wt()}>${e}</button>`}get open(){let e=this.session?.store.channels??[];return e.find(({alias:e})=>e===this.active)??e[0]}get composer(){return this.querySelector(`bk-composer`)}async openDrawer(){this.drawer=!this.drawer,await this.updateComplete,this.drawer&&this.querySelector(`.channel[tabindex='0']`)?.focus()}closeDrawer(){this.drawer&&(this.drawer=!1,this.querySelector(`.burger`)?.focus())}show(e){this.active=e,this.drawer=!1,history.replaceState(null,``,`#/${encodeURIComponent(e)}`),this.divider=this.firstUnread(e),this.updateComplete.then(()=>this.composer?.focus())}say(e,t,n){e.store.person.name||(this.naming=!0),this.divider=void 0,this.querySelector(`bk-timeline`)?.toEnd(),e.say(t,n)}firstUnread(e){let t=this.session?.store.room(e),n=t?.entries.findIndex(({id:e})=>t.unread.has(e))??-1;return n>0?t?.entries[n]?.id:void 0}othersUnread(){let{store:e}=this.session;return e.channels.some(({alias:t})=>t!==this.open?.alias&&e.room(t).unread.size)}history(e,t){let n=e.store.room(t).entries.filter(({by:t,how:n})=>t.id===e.store.person.id&&(n??`typed`)===`typed`);return[...new Set(n.map(({text:e})=>e??``).reverse())].filter(Boolean).reverse()}suggest(){let{session:e,open:t}=this;e&&t&&e.link.state.is===`open`&&this.triedFor!==t.alias&&(e.store.room(t.alias).entries.length||(this.triedFor=t.alias,this.tries=[],e.complete(t.alias,``).then(e=>this.tries=e.slice(0,6))))}rove(e){let t={ArrowDown:1,ArrowUp:-1}[e.key],n=[...this.querySelectorAll(`.channel`)],r=n.indexOf(document.activeElement);t&&r!==-1&&(e.preventDefault(),n[(r+t+n.length)%n.length].focus())}},Jn=()=>w`<span class="brand"><span class="avatar bot" aria-hidden="true">${K.bot}</span>Botkube</span>`;function Yn({executors:e,notifications:t}){let n=e.map(R).join(`, `);return w`<span class="about">
    ${n?w`<span class="badge" title="Executors bound to this channel"><bdi>${n}</bdi></span>`:D}
    ${t?D:w`<span class="badge" title="Notifications of events are off in this channel">muted</span>`}
  </span>`}function Xn(e){let t={connecting:`Connecting`,open:`Connected`,lost:`Not connected`,refused:`Not connected`}[e.is];return w`<span class="state ${e.is}" role="status"><span class="dot"></span><span class="text">${t}</span></span>`}function Zn(e,t){if(e.is!==`lost`&&e.is!==`refused`)return D;let n=e.reason?`The agent ended the connection: ${R(e.reason)}.`:`The connection to the agent is lost.`,r=e.is===`refused`?e.reason:`${n} It is tried again by itself; what you send waits.`;return w`<div class="banner" role="status">
    ${K.alert}<span>${r}</span><button class="control small" type="button" @click=${t}>Try now</button>
  </div>`}customElements.define(`bk-app`,qn),Ct();var Qn=document.querySelector(`bk-app`)??document.body.appendChild(new qn),$n=document.getElementById(`still`);if($n)Qn.still=Ie($n.textContent??``);else{let e=new at({socket:()=>new WebSocket(`${location.protocol===`https:`?`wss:`:`ws:`}//${location.host}/ws`),why:er,changed:()=>Qn.requestUpdate(),local:localStorage,session:sessionStorage});Qn.session=e,e.link.connect(),addEventListener(`online`,()=>e.link.hurry()),document.addEventListener(`visibilitychange`,()=>{document.visibilityState===`visible`&&e.link.hurry()})}async function er(){try{let e=await fetch(`/`,{cache:`no-store`,signal:AbortSignal.timeout(5e3)});return e.status===401||e.status===403?`The agent does not know this browser any more. Open the link it printed when it started.`:void 0}catch{return}}