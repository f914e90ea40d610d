using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Callwatch.Client.Tests.Surface;

/// <summary>Everything of an assembly that others can see, as text: a line for each type and member, with parameter names, defaults and nullability, in a fixed order.</summary>
internal static class SurfaceText
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // What the compiler adds to every record says nothing that its properties do not.
    private static readonly HashSet<string> OfRecords = new(StringComparer.Ordinal) { "PrintMembers", "<Clone>$", "GetHashCode", "ToString", "Equals", "EqualityContract", "op_Equality", "op_Inequality", "Deconstruct" };

    private static readonly Dictionary<Type, string> Words = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    /// <summary>By namespace.</summary>
    public static IReadOnlyDictionary<string, string> Of(Assembly assembly) => assembly.GetExportedTypes()
        .GroupBy(type => type.Namespace ?? "")
        .ToDictionary(group => group.Key, group => string.Join("\n\n", group.OrderBy(type => type.FullName, StringComparer.Ordinal).Select(Of)), StringComparer.Ordinal);

    private static string Of(Type type)
    {
        var text = new StringBuilder(Head(type));
        if (type.IsEnum) return text.Append(" { ").AppendJoin(", ", Enum.GetNames(type)).Append(" }").ToString();
        if (type.BaseType == typeof(MulticastDelegate)) return text.ToString();
        foreach (var line in type.GetMembers(Own).Where(IsSeen).Select(Line).Order(StringComparer.Ordinal)) text.Append("\n    ").Append(line);
        return text.ToString();
    }

    private static string Head(Type type)
    {
        var isRecord = type.GetMethod("<Clone>$", Own) is not null;
        if (type.BaseType == typeof(MulticastDelegate)) return "delegate " + Signature(type.GetMethod("Invoke")!, Name(type));
        var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : type is { IsAbstract: true, IsSealed: true } ? "static class"
            : (type.IsSealed ? "sealed " : type.IsAbstract ? "abstract " : "") + (isRecord ? "record" : "class");
        var above = new List<string>();
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum)) above.Add(Name(parent));
        above.AddRange(type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []).Where(face => !face.Name.StartsWith("IEquatable", StringComparison.Ordinal) && !type.IsEnum).Select(face => Name(face)).Order(StringComparer.Ordinal));
        return kind + " " + Name(type) + (above.Count == 0 ? "" : " : " + string.Join(", ", above));
    }

    private static bool IsSeen(MemberInfo member) => member switch
    {
        MethodBase method => IsSeen(method) && !(method.IsSpecialName && method is MethodInfo { Name: not ("op_Implicit" or "op_Explicit") }) && !OfRecords.Contains(method.Name) && !IsCopy(method),
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsSeen) && !OfRecords.Contains(property.Name),
        EventInfo one => IsSeen(one.AddMethod!),
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        _ => false,
    };

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsCopy(MethodBase method) => method is ConstructorInfo && method.GetParameters() is [var only] && only.ParameterType == method.DeclaringType;

    private static string Line(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => "new(" + Parameters(constructor) + ")",
        MethodInfo method => Prefix(method) + Signature(method, method.Name + Arguments(method)),
        PropertyInfo property => Prefix(property.GetAccessors(nonPublic: true)[0]) + (property.GetCustomAttribute<RequiredMemberAttribute>() is null ? "" : "required ")
            + Name(property.PropertyType, new NullabilityInfoContext().Create(property)) + " " + property.Name + " { " + Accessors(property) + "}",
        FieldInfo { IsLiteral: true } field => "const " + Name(field.FieldType) + " " + field.Name + " = " + Value(field.GetRawConstantValue()),
        FieldInfo field => (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "") + Name(field.FieldType, new NullabilityInfoContext().Create(field)) + " " + field.Name,
        EventInfo one => "event " + Name(one.EventHandlerType!) + " " + one.Name,
        _ => member.ToString()!,
    };

    private static string Prefix(MethodBase method) =>
        (method.IsPublic ? "" : "protected ") + (method.IsStatic ? "static " : method.IsAbstract && !method.DeclaringType!.IsInterface ? "abstract "
            : method.IsVirtual && !method.IsFinal && !method.DeclaringType!.IsInterface ? ((MethodInfo)method).GetBaseDefinition() == method ? "virtual " : "override " : "");

    private static string Accessors(PropertyInfo property)
    {
        var text = property.GetMethod is { } get && IsSeen(get) ? "get; " : "";
        if (property.SetMethod is not { } set || !IsSeen(set)) return text;
        return text + (set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; ");
    }

    private static string Signature(MethodInfo method, string name) =>
        Name(method.ReturnType, new NullabilityInfoContext().Create(method.ReturnParameter)) + " " + name + "(" + (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + Parameters(method) + ")";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref " : "") + Name(parameter.ParameterType, new NullabilityInfoContext().Create(parameter)) + " " + parameter.Name
        + (parameter.HasDefaultValue ? " = " + Value(parameter.DefaultValue) : "")));

    private static string Value(object? value) => value switch
    {
        null => "default",
        string text => "\"" + text + "\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Arguments(MethodInfo method) => method.IsGenericMethod ? "<" + string.Join(", ", method.GetGenericArguments().Select(type => type.Name)) + ">" : "";

    private static string Name(Type type, NullabilityInfo? nullability = null)
    {
        if (type.IsByRef) return Name(type.GetElementType()!, nullability);
        if (Nullable.GetUnderlyingType(type) is { } value) return Name(value) + "?";
        var mark = nullability is not null && !type.IsValueType && (nullability.ReadState == NullabilityState.Nullable || nullability.WriteState == NullabilityState.Nullable) ? "?" : "";
        if (type.IsArray) return Name(type.GetElementType()!, nullability?.ElementType) + "[]" + mark;
        if (Words.TryGetValue(type, out var word)) return word + mark;
        var name = type.IsNested && !type.IsGenericParameter ? Name(type.DeclaringType!) + "." + type.Name : type.Name;
        if (!type.IsGenericType || !name.Contains('`', StringComparison.Ordinal)) return name + mark;
        var arguments = type.GetGenericArguments().Select((argument, i) => Name(argument, nullability?.GenericTypeArguments.ElementAtOrDefault(i)));
        return name[..name.IndexOf('`', StringComparison.Ordinal)] + "<" + string.Join(", ", arguments) + ">" + mark;
    }
}
