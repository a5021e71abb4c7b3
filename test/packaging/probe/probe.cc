// What JavaScript cannot see of its own event loop: the handles in it, which the addon opens and must close.

#include <napi.h>
#include <uv.h>

#include <string>

namespace {

/** How many handles of each type the environment's loop holds, those that are closing left out. */
Napi::Value Handles(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    Napi::Error::New(env, "this environment has no libuv loop").ThrowAsJavaScriptException();
    return env.Undefined();
  }

  Napi::Object counts = Napi::Object::New(env);
  uv_walk(
      loop,
      [](uv_handle_t* handle, void* data) {
        if (uv_is_closing(handle)) return;
        auto& counts = *static_cast<Napi::Object*>(data);
        const std::string type = uv_handle_type_name(uv_handle_get_type(handle));
        const uint32_t before = counts.Has(type) ? counts.Get(type).ToNumber().Uint32Value() : 0;
        counts.Set(type, before + 1);
      },
      &counts);
  return counts;
}

Napi::Value NodeApiVersion(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Napi::VersionManagement::GetNapiVersion(info.Env()));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("handles", Napi::Function::New(env, Handles));
  exports.Set("nodeApiVersion", Napi::Function::New(env, NodeApiVersion));
  return exports;
}

}  // namespace

NODE_API_MODULE(probe, Init)
